import type { Engine } from '../engine/client.ts'
import type { Finding } from '../verdict/events.ts'
import { finding } from '../verdict/findings.ts'
import { abraDeployer } from './abra/abra-deployer.ts'
import { pinnedAbra } from './abra/program.ts'
import type { Deployer, ImageUse } from './deployer.ts'
import type { DeployerName } from './names.ts'
import { nativeDeployer } from './native/native-deployer.ts'
import type { Pin } from './placement.ts'

/** What a run gives to its deployer, whichever it is. */
interface DeployerOptions {
  /** Goes with the run. */
  readonly folder: string
  readonly vips: boolean
  readonly pin: Pin | null
  readonly mask: (text: string) => string
  readonly onSecret: (value: string, name: string) => void
  readonly images: ImageUse
}

/** A deployer that this machine has. */
export interface ChosenDeployer {
  /** For results: `native`, `abra 0.13.0-beta`. */
  readonly label: string
  /** What whoever reads the results must know of it. */
  readonly findings: readonly Finding[]
  open(engine: Engine, options: DeployerOptions): Deployer
}

interface DeployerKind {
  /** Throws InfraError for what it needs and this machine does not have. */
  choose(): Promise<ChosenDeployer>
}

export const NATIVE: ChosenDeployer = { label: 'native', findings: [], open: nativeDeployer }

export const DEPLOYERS: Readonly<Record<DeployerName, DeployerKind>> = {
  native: { choose: async () => NATIVE },
  abra: { choose: chooseAbra },
}

const UNPROVEN =
  'the abra deployer was written from documentation and is tested with a stand-in for abra: no abra has ever been part of its tests. `cc-ci doctor --deployer abra` compares the one of this machine with what cc-ci takes it for'

async function chooseAbra(): Promise<ChosenDeployer> {
  const program = await pinnedAbra()
  const { version, commit } = program
  return {
    label: `abra ${version}${commit === null ? '' : ` (${commit})`}`,
    findings: [finding('deployer-unproven', UNPROVEN)],
    open: (engine, { folder, ...options }) => abraDeployer(engine, { ...options, program, root: folder }),
  }
}
