import { type ApprovalDeps, createApprovalOperations } from './approvals.ts'
import type { Operations } from './contract/services.ts'
import { createEnrollmentOperations, type EnrollmentDeps } from './enrollments/operations.ts'
import { createRunOperations, type RunOperationsDeps } from './runs/operations.ts'

export type OperationsDeps = RunOperationsDeps & EnrollmentDeps

/** What people who are authorized to may do, by API, page or command line. */
export function createOperations(deps: OperationsDeps): Operations {
  const { forge, clock, settings } = deps
  const approvals: ApprovalDeps = { forge, clock, state: settings.state }
  return { ...createRunOperations(deps), ...createEnrollmentOperations(deps), ...createApprovalOperations(approvals) }
}
