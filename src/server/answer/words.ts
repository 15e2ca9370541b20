import { formatDuration } from '../../lib/duration.ts'
import { formatSize } from '../../lib/size.ts'
import { markdownText } from '../../report/markdown.ts'
import type { QueuePlace, RunRow } from '../contract/store.ts'
import type { Reply } from '../trigger/replies.ts'
import type { Progress } from './progress.ts'

/** The first line of our one comment: how it is found again. */
export const MARKER = '<!-- cc-ci:testme -->'
/** What a status calls itself. */
export const CONTEXT = 'cc-ci/testme'
const MOST_DESCRIPTION = 140
const MOST_REASON = 500
const GRAMMAR = [
  '!testme',
  '!testme <commit>',
  '!testme --quick',
  '!testme --base <version>',
  '!testme --why',
  '!cancel',
] as const

/** What is said where no run was made. Names of people and lines of theirs come out as text. */
export function replyText(reply: Reply, login: string): string {
  const who = markdownText(login)
  switch (reply.kind) {
    case 'not-enrolled':
      return `This repository is not enrolled at this cc-ci. Its operator can do that: \`cc-ci enroll ORG/REPO\`, or on the page of repositories.`
    case 'refused-stranger':
      return `Thank you, ${who}. Only members of the organisation, and those its operator names, can start a run here; ask one of them to comment \`!testme\`.`
    case 'pushed-after':
      return `Not started: the branch was pushed after that comment${reply.commented ? ` (which meant \`${reply.commented.slice(0, 12)}\`)` : ''}. To judge what is there now, comment \`!testme ${reply.head.slice(0, 12)}\`.`
    case 'wrong-sha':
      return `Not started: \`${reply.asked}\` is not the head of this pull request. To judge what is there now, comment \`!testme ${reply.head.slice(0, 12)}\`.`
    case 'grammar':
      return `That command is not clear to me: ${markdownText(reply.line)}\n\nWhat I understand, as the first line of a comment: ${GRAMMAR.map((form) => `\`${form}\``).join(', ')}.`
    case 'already-running':
      return `Run \`${reply.run}\` of this commit is under way already; a second one would tell nothing new. \`!cancel\` ends it.`
    case 'cancelled':
      return `Cancelled by ${markdownText(reply.by)}: ${reply.runs.map((run) => `\`${run}\``).join(', ')}.`
    case 'nothing-to-cancel':
      return 'Nothing of this pull request waits or runs.'
    case 'why-not':
      return `Not started: ${markdownText(cut(reply.reason, MOST_REASON))}. \`!testme --why\` finds out what made a pull request red whose base is green.`
    case 'closed':
      return 'Not started: this pull request is closed.'
    case 'already-upstream':
      return `\`${reply.commit.slice(0, 12)}\` is part of ${markdownText(reply.upstream)} already: nothing is left to merge here, and this pull request is closed.`
    case 'too-big':
      return `Not started: a run of this repository is given ${formatSize(reply.memoryBytes)} of memory, and the largest worker has ${formatSize(reply.largest)}. The operator can enrol it with less, or add a worker.`
  }
}

/** One line for a status, and what it means to a merge. */
export function statusOf(
  row: RunRow,
  { place, progress }: { readonly place: QueuePlace | null; readonly progress: Progress | null },
): { readonly state: 'pending' | 'success' | 'failure' | 'error'; readonly description: string } {
  const { state, outcome } = row
  if (state === 'queued') return { state: 'pending', description: waitingText(place) }
  if (state === 'running') return { state: 'pending', description: runningText(row, progress) }
  if (!outcome) return { state: 'error', description: state }
  if (outcome.verdict === null) return { state: 'error', description: cut(outcome.message) }
  const level = outcome.level === null ? '' : `, level ${outcome.level}`
  const why = outcome.cause ? `: ${outcome.tier} ${outcome.cause}` : ''
  // Whoever merges by the status alone must not take chance for health.
  const flaky = outcome.flaky ? `, ${outcome.flaky}` : ''
  return { state: STATES[outcome.verdict], description: cut(`${outcome.verdict}${level}${why}${flaky}`) }
}

const STATES = { pass: 'success', fail: 'failure', unverified: 'error' } as const

export function waitingText(place: QueuePlace | null): string {
  if (!place) return 'queued'
  const eta = place.etaMs === null ? '' : `, about ${formatDuration(place.etaMs)}`
  return place.ahead === 0 ? `queued, next${eta}` : `queued behind ${place.ahead}${eta}`
}

/** For example `running: upgrade (3 of 8), begun after 1 min 20 s`. */
export function runningText({ attempt }: RunRow, progress: Progress | null): string {
  const running = `running${attempt > 1 ? `, attempt ${attempt}` : ''}`
  if (!progress) return running
  const { tier, place, afterMs } = progress
  return `${running}: ${tier}${place ? ` (${place.at} of ${place.of})` : ''}, begun after ${formatDuration(afterMs)}`
}

/** On one line, no longer than that. */
function cut(text: string, most = MOST_DESCRIPTION): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`
}
