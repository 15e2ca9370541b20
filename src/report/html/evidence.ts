import { formatDuration } from '../../lib/text/duration.ts'
import { type Evidence, type EvidenceKind, evidenceProblem } from '../../verdict/evidence.ts'
import { differenceInWords } from './difference-in-words.ts'
import { bytes, html, id, type Markup, table } from './markup.ts'

type Of<K extends EvidenceKind> = Extract<Evidence, { kind: K }>

/** One piece of evidence as a person reads it. Evidence that is not whole is said to be so, because it did not count. */
export function evidenceMarkup(evidence: Evidence): Markup {
  const problem = evidenceProblem(evidence)
  if (problem) return html`<p><strong>Evidence of kind ${evidence.kind} is not whole:</strong> ${problem}</p>`
  const view = VIEWS[evidence.kind] as (evidence: Evidence) => Markup
  return view(evidence)
}

/** How each kind looks; a new kind of evidence does not compile without its view. */
const VIEWS: { readonly [K in EvidenceKind]: (evidence: Of<K>) => Markup } = {
  rules: ({ rules }) => {
    const broken = rules.filter(({ ok }) => !ok)
    const rows = (some: typeof rules) =>
      some.map((rule) => [rule.id, rule.subject, rule.ok ? 'holds' : html`<strong>broken</strong>`])
    return html`<p>${rules.length} rules evaluated, ${broken.length} broken.</p>
${table('Broken rules', ['Rule', 'Subject', ''], rows(broken))}
<details><summary>All rules</summary>${table('Rules', ['Rule', 'Subject', ''], rows(rules))}</details>`
  },
  images: ({ images }) =>
    table(
      'Images that run',
      ['Service', 'Reference', 'Id'],
      images.map((image) => [image.service, html`<code>${image.ref}</code>`, id(image.id)]),
    ),
  tasks: ({ tasks }) =>
    table(
      'Tasks',
      ['Service', 'Task', 'State'],
      tasks.map((task) => [task.service, id(task.id), task.state]),
    ),
  http: ({ url, status, bytes: size, servingTask, bodyHash }) =>
    table(
      'Answer over HTTP',
      ['URL', 'Status', 'Size', 'Body', 'Answered by task'],
      [[url, status, bytes(size), id(bodyHash), id(servingTask)]],
    ),
  'no-http': ({ reason }) => html`<p>No HTTP to ask for: ${reason}</p>`,
  'still-there': ({ asked, gone }) => html`
${table(
  'What the base answered for, asked again',
  ['What', 'Before', 'After'],
  asked.map(({ subject, before, after }) => [subject, before, after]),
)}${list('What head leaves out', gone)}`,
  page: ({ url, title, status, textLength, elements, consoleErrors, failedRequests, way }) => html`
${table(
  'Page in a browser',
  ['URL', 'Status', 'Title', 'Text', 'Elements'],
  [[url, status ?? '', title || '(none)', `${textLength} characters`, elements]],
)}
${list('The way to it', way ?? [])}${list('Console errors', consoleErrors)}${list('Failed requests', failedRequests)}`,
  'page-elsewhere': ({ from, to, why, way }) => html`
<p>A browser that opens ${from} is led to ${to}: ${why}.</p>${list('The way to it', way)}`,
  'visual-difference': (compared) =>
    html`<p>Pictures of before and after (<code>${compared.before}</code>, <code>${compared.after}</code>): ${differenceInWords(compared)}</p>`,
  identity: ({ services }) =>
    table(
      'What runs, before and after',
      ['Service', 'Image before', 'Image after', 'Version before', 'Version after', 'What differs'],
      services.map(({ service, base, head, changed }) => [
        service,
        base ? id(base.imageId) : 'not there',
        head ? id(head.imageId) : 'not there',
        versionOf(base),
        versionOf(head),
        changed.join(', ') || 'nothing',
      ]),
    ),
  'head-deployed': ({ label, commit }) =>
    html`<p>The running app carries <code>chaos-version ${label}</code>, the commit under test is ${id(commit)}.</p>`,
  'update-status': ({ services }) =>
    table(
      'How the engine ended the update',
      ['Service', 'Update'],
      services.map(({ service, state }) => [service, UPDATES[state]]),
    ),
  witness: (evidence) =>
    'none' in evidence
      ? html`<p>No data to watch: ${evidence.none}</p>`
      : table(
          'Data watched',
          ['Subject', 'Kind', 'Result', ''],
          evidence.witnesses.map((row) => [
            row.subject,
            row.kind,
            row.result === 'lost' ? html`<strong>lost</strong>` : row.result,
            html`${row.summary}${watchedDetails(row)}`,
          ]),
        ),
  snapshot: ({ id: snapshot, volumes }) =>
    table(
      `Snapshot ${snapshot.slice(0, 8)}`,
      ['Volume', 'Files', 'Size'],
      volumes.map(({ volume, files, bytes: size }) => [volume, files, bytes(size)]),
    ),
  hooks: (evidence) =>
    'none' in evidence
      ? html`<p>No hooks: ${evidence.none}</p>`
      : table(
          'Hooks',
          ['Service', 'Phase', 'Exit code', 'Time'],
          evidence.hooks.map(({ service, phase, exitCode, ms }) => [service, phase, exitCode, formatDuration(ms)]),
        ),
  coverage: ({ paths }) =>
    table(
      'Promised by the backup labels',
      ['Volume', 'Path', 'In the snapshot', ''],
      paths.map(({ volume, path, covered, note }) => [
        volume,
        html`<code>${path}</code>`,
        covered ? 'yes' : html`<strong>no</strong>`,
        note ?? '',
      ]),
    ),
  restored: ({
    snapshot,
    files,
    form,
    emptied = [],
    spared = [],
  }) => html`<p>Snapshot ${id(snapshot)} was restored: ${files} files.${form === 'small' ? ' Only planted markers and dumps had been destroyed.' : ''}</p>
${emptiedTable(emptied)}${sparedTable(spared)}`,
  steps: ({ steps }) =>
    table(
      'By way of other releases',
      ['Release', 'Commit', 'What it changed', 'Data of the base', 'Served after'],
      steps.map(({ version, commit, changed, witnesses, ms }) => [
        version,
        html`<code>${commit.slice(0, 8)}</code>`,
        changed.join(', '),
        `${witnesses} looked at, none lost`,
        formatDuration(ms),
      ]),
    ),
  'rolled-back': ({ version, commit, snapshot, files, services, dropped, unused, emptied, spared }) => html`
<p>${version} (<code>${commit.slice(0, 8)}</code>) runs again, from the images that it had; ${files} files came back from snapshot <code>${snapshot.slice(0, 8)}</code>, which was taken before the upgrade.</p>
${table(
  'What runs again',
  ['Service', 'Image'],
  services.map(({ service, now }) => [service, id(now)]),
)}${list('Services that only head has: removed', dropped)}${list('Volumes that only head has: used by nobody now', unused)}${emptiedTable(emptied)}${sparedTable(spared)}`,
  reattached: ({
    version,
    run,
    volumes,
  }) => html`<p>The base had the data of its canonical (${version}, run ${run}).</p>
${putBack('Volumes of the canonical, as they were put back', volumes)}`,
  resumed: ({ run, after, volumes }) => html`<p>The app was that of run ${run}, as it was after ${after}.</p>
${volumes.length === 0 ? '' : putBack('Volumes of that app, as they were put in place', volumes)}`,
  tests: ({ executed }) => html`<p>${executed} ${executed === 1 ? 'test' : 'tests'} executed.</p>`,
  provider: ({ providers }) =>
    table(
      'Providers',
      ['Name', 'Healthy'],
      providers.map(({ name }) => [name, 'yes']),
    ),
  recovery: ({ services }) =>
    table(
      'Recovery after a kill',
      ['Service', 'Task before', 'Task after', 'Time'],
      services.map(({ service, before, after, ms }) => [service, id(before), id(after), formatDuration(ms)]),
    ),
  'engine-restart': ({ services, ms }) =>
    table(
      `The engine was restarted; the app served again after ${formatDuration(ms)}`,
      ['Service', 'Tasks before', 'Tasks after'],
      services.map(({ service, before, after }) => [service, short(before), short(after)]),
    ),
  'no-op-redeploy': () => html`<p>Deploying the same again restarted nothing.</p>`,
  ledger: ({ before, during, after, removed }) => html`<p>${removed} things removed.</p>
${table(
  'What was there',
  ['Kind', 'Before', 'During', 'After'],
  Object.keys({ ...before, ...during, ...after }).map((kind) => [
    kind,
    before[kind] ?? 0,
    during[kind] ?? 0,
    after[kind] ?? 0,
  ]),
)}`,
}

const UPDATES = {
  completed: 'completed',
  none: 'nothing to update',
  created: 'new service',
  paused: 'paused by the engine, all on the new spec',
} as const

function versionOf(side: { version: string | null; chaosVersion: string | null } | null): string {
  return side ? [side.version ?? '', side.chaosVersion ? `(${side.chaosVersion})` : ''].join(' ').trim() : ''
}

type WitnessRow = Extract<Of<'witness'>, { witnesses: unknown }>['witnesses'][number]

/** What became of each table, open where something is lost. */
function watchedDetails({ details = [], counts, result }: WitnessRow): Markup {
  if (details.length === 0) return html``
  const size = counts ? `${counts.tables} tables, ${counts.rows} rows now` : 'details'
  return html`<details${result === 'lost' ? html` open` : ''}><summary>${size}</summary><pre>${details.join('\n')}</pre></details>`
}

type Restored = Of<'restored'>

function emptiedTable(emptied: NonNullable<Restored['emptied']>): Markup {
  if (emptied.length === 0) return html``
  return table(
    'Volumes that were emptied, in files',
    ['Volume', 'Before', 'Emptied', 'Started as new', 'Restored'],
    emptied.map(({ volume, before, left, asNew, after }) => [volume, before, left, asNew, after]),
  )
}

function sparedTable(spared: NonNullable<Restored['spared']>): Markup {
  if (spared.length === 0) return html``
  return table(
    'Volumes that no backup holds: left alone',
    ['Volume', 'Files', 'Size', ''],
    spared.map(({ volume, files, bytes: size, why }) => [volume, files, bytes(size), why]),
  )
}

function putBack(title: string, volumes: Of<'reattached'>['volumes']): Markup {
  return table(
    title,
    ['Volume', 'Files', 'Size', 'Content', 'Files once the app ran'],
    volumes.map((row) => [row.volume, row.files, bytes(row.bytes), id(row.content), row.started]),
  )
}

function list(title: string, rows: readonly string[]): Markup {
  if (rows.length === 0) return html``
  return html`<details><summary>${title}: ${rows.length}</summary><pre>${rows.join('\n')}</pre></details>`
}

function short(tasks: readonly string[]): string {
  return tasks.map((task) => task.slice(0, 12)).join(', ')
}
