import type { Dimension } from '../compare/dimensions.ts'
import type { Word } from '../compare/messages.ts'

/** Whose a difference between two sweeps is. */
export const OWNERS = {
  recipe: 'its commit, its heads, or the version that its upgrade starts from',
  harness: 'cc-ci itself',
  drift: 'the machine, its engine, edge or browser, or an image that has moved under its name',
  operator: 'the list of what is swept, an exclusion, or a setting of the operator',
  flake: 'chance: nothing that is recorded differs, or it passed at a second attempt only',
  unknown: 'not to be told from these two runs',
} as const

export type Owner = keyof typeof OWNERS

/** All that decides whose a difference is. */
export interface DifferenceFacts {
  readonly word: Word
  /** Why the cell itself came or went; null: both sweeps have it. */
  readonly listed: 'by-operator' | 'by-recipe' | null
  /** Whether both runs judged the tier that the word is of; a declared skip is judged. */
  readonly judged: boolean
  /** What was not judged ended so for a fault of cc-ci itself that would come again. */
  readonly blamesTool: boolean
  /** What is not the same in both runs. */
  readonly moved: ReadonlySet<Dimension>
}

export interface OwnerRow {
  readonly row: string
  readonly when: (facts: DifferenceFacts) => boolean
  readonly owner: Owner
  /** For a person. */
  readonly because: string
}

/** What may differ, by whose it is. */
const OWNER_OF = {
  recipe: 'recipe',
  base: 'recipe',
  tool: 'harness',
  environment: 'drift',
  settings: 'operator',
} as const satisfies Record<Dimension, Owner>

function ownersOf(moved: ReadonlySet<Dimension>): ReadonlySet<Owner> {
  return new Set([...moved].map((dimension) => OWNER_OF[dimension]))
}

const isOnly = (owner: Owner) => (facts: DifferenceFacts) => {
  const owners = ownersOf(facts.moved)
  return isPlain(facts) && owners.size === 1 && owners.has(owner)
}

/** In both sweeps, judged by both, and not by chance. */
function isPlain({ word, listed, judged }: DifferenceFacts): boolean {
  return listed === null && word !== 'unstable' && judged
}

function isUnjudged({ word, listed, judged }: DifferenceFacts): boolean {
  return listed === null && word !== 'unstable' && !judged
}

function isToolAlone({ blamesTool, moved }: DifferenceFacts): boolean {
  return blamesTool && moved.size === 1 && moved.has('tool')
}

/** Of every combination exactly one row holds, which a test proves. */
export const OWNER_TABLE: readonly OwnerRow[] = [
  {
    row: 'listed',
    when: ({ listed }) => listed === 'by-operator',
    owner: 'operator',
    because: 'what is enrolled or excluded has changed',
  },
  {
    row: 'opened-or-closed',
    when: ({ listed }) => listed === 'by-recipe',
    owner: 'recipe',
    because: 'a head was opened or closed, or the first release was made',
  },
  {
    row: 'unstable',
    when: ({ listed, word }) => listed === null && word === 'unstable',
    owner: 'flake',
    because: 'it passed at a second attempt only',
  },
  {
    row: 'tool-broken',
    when: (facts) => isUnjudged(facts) && isToolAlone(facts),
    owner: 'harness',
    because: 'cc-ci is another and blames itself for what it could not judge',
  },
  {
    row: 'not-judged',
    when: (facts) => isUnjudged(facts) && !isToolAlone(facts),
    owner: 'unknown',
    because: 'one of the two was not judged, and what was not judged blames nobody',
  },
  { row: 'recipe', when: isOnly('recipe'), owner: 'recipe', because: 'nothing else has moved' },
  { row: 'tool', when: isOnly('harness'), owner: 'harness', because: 'only cc-ci has moved' },
  { row: 'environment', when: isOnly('drift'), owner: 'drift', because: 'only the environment has moved' },
  { row: 'settings', when: isOnly('operator'), owner: 'operator', because: 'only settings have moved' },
  {
    row: 'nothing',
    when: (facts) => isPlain(facts) && facts.moved.size === 0,
    owner: 'flake',
    because: 'nothing that is recorded has moved',
  },
  {
    row: 'several',
    when: (facts) => isPlain(facts) && ownersOf(facts.moved).size > 1,
    owner: 'unknown',
    because: 'more than one thing has moved',
  },
]

/** The row that holds. */
export function ownerOf(facts: DifferenceFacts): OwnerRow {
  return OWNER_TABLE.find(({ when }) => when(facts)) as OwnerRow
}
