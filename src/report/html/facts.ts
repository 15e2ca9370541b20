import { formatDuration } from '../../lib/text/duration.ts'
import { upgradePath } from '../../verdict/events.ts'
import { levelName } from '../../verdict/level.ts'
import type { Results } from '../../verdict/results.ts'
import { RUNGS, TIERS, type TierId } from '../../verdict/tiers.ts'
import { flakyText } from '../flakes/flaky.ts'
import { manifestRows } from '../run/manifest.ts'
import { notLookedText } from '../run/not-looked.ts'
import { partText } from '../run/partial-run.ts'
import { quarantineTexts } from '../run/quarantine.ts'
import { SIGNS } from '../text/colors.ts'
import { bytes, html, id, inlineCode, type Markup, table } from './markup.ts'

/** What was tested: the title of a report. */
export function subject({ recipe, base, run }: Results): Markup {
  const from = base ? html`, upgraded from ${upgradePath(base)}` : ''
  return html`<h1>${recipe.name} ${recipe.version ?? ''}</h1>
<p class="dim">Commit ${id(recipe.commit)}${recipe.dirty ? ' with uncommitted changes' : ''}${from}. Began ${run.startedAt.slice(0, 19).replace('T', ' ')} UTC.</p>`
}

/** The verdict, the level with its rungs, and whether it stands for all of the recipe. */
export function verdictBand(results: Results): Markup {
  const { verdict, level, run } = results
  const took = formatDuration(Date.parse(run.finishedAt) - Date.parse(run.startedAt))
  const flaky = flakyText(results)
  const quick = partText(results)
  return html`<div class="verdict s-${verdict}"><strong>${SIGNS[verdict].sign} ${verdict}</strong><span>level ${level} (${levelName(level)})</span><span>${took}</span>${flaky === '' ? '' : html`<span>${flaky}</span>`}</div>
${quick === '' ? '' : html`<p>${inlineCode(quick)}</p>`}
${rungs(results)}`
}

/**
 * What must be seen before anything else: leaks, secrets, a cut-off record, refused code, tests in quarantine, what passed by chance. Nothing when there is
 * nothing.
 */
export function warnings(results: Results, chance: readonly string[]): Markup {
  const { leaks, secretLeaks, run, flags, customization } = results
  const rows = [
    ...(run.interrupted ? [`The run was stopped by ${run.interrupted}.`] : []),
    ...(run.complete ? [] : ['The record of this run has no end: it is still going, or was killed.']),
    ...leaks.map(({ kind, name }) => `Left behind: ${kind} ${name}`),
    ...secretLeaks.map((where) => `A secret stood in ${where}.`),
    ...(flags.noSecretLeak || secretLeaks.length > 0 ? [] : ['What is kept was not scanned for secrets.']),
    ...customization.refused.map((what) => `Refused: ${what}`),
    ...quarantineTexts(results),
    ...chance,
  ]
  if (rows.length === 0) return html``
  return html`<section class="card loud" aria-label="Needs attention"><h3>Needs attention</h3><ul>${rows.map((row) => html`<li>${inlineCode(row)}</li>`)}</ul></section>`
}

export function findings(results: Results): Markup {
  const rows = results.findings.map(({ severity, code, where, message }) => [
    severity,
    html`<code class="nowrap">${code}</code>`,
    where ? html`<code>${where}</code>` : '',
    inlineCode(message),
  ])
  return section(
    'Findings',
    rows.length,
    table('Worth knowing; they do not decide a tier', ['Severity', 'Code', 'Where', ''], rows),
  )
}

export function accommodations(results: Results): Markup {
  const rows = results.accommodations.map((text) => html`<li>${inlineCode(text)}</li>`)
  return section(
    'Accommodations',
    rows.length,
    html`<p class="dim">What cc-ci changed to fit this machine.</p><ul>${rows}</ul>`,
  )
}

/** What `noSecretLeak` does not speak for. */
export function notLooked(results: Results): Markup {
  const rows = (results.notLooked ?? []).map(({ file, why }) => html`<li><code>${file}</code> (${why})</li>`)
  const counted = notLookedText(results)
  return section(
    'Not looked into for secrets',
    rows.length,
    html`<p class="dim">All other kept files were read, and secrets in them masked. Not these: ${counted ?? ''}. What stands in a picture or a file of bytes can be read by whoever opens it.</p>
<details><summary>The files</summary><ul>${rows}</ul></details>`,
  )
}

export function images(results: Results): Markup {
  const rows = results.images.map((image) => [
    image.service,
    html`<code>${image.ref}</code>`,
    html`<code>${image.id}</code>`,
  ])
  return section('Images', rows.length, table('What ran last', ['Service', 'Reference', 'Id'], rows))
}

export function customization({ customization }: Results): Markup {
  const rows = manifestRows(customization).map(({ what, value, where }) => [what, html`<code>${value}</code>`, where])
  return section('Customization', rows.length, table('What differs from the defaults', ['What', 'Value', 'From'], rows))
}

/** Which run of what it was. */
export function runFacts({ run, recipe }: Results): Markup {
  return section(
    'Run',
    1,
    facts([
      ['Run', run.id],
      ['Recipe', recipe.origin],
      ['Commit', html`<code>${recipe.commit}</code>`],
      ['Stack', run.stack],
      ['Domain', run.domain],
    ]),
  )
}

/** On what it ran: what another machine may do otherwise. What an earlier version did not record is left out. */
export function machine({ environment: found, run, tool }: Results): Markup {
  const version = `${tool.version}${tool.commit ? ` (${tool.commit.slice(0, 10)})` : ''}`
  const own = [
    ['Machine', run.host],
    ['cc-ci', version],
  ] as const
  if (!found) return section('Environment', 1, facts(own))
  const { engine, api, cpus, memoryBytes, load, runMemoryBytes, kernel, cgroup, vips, edge, browser, deployer } = found
  const sandbox =
    found.browserSandbox === undefined ? '' : `, its own sandbox ${found.browserSandbox ? 'works' : 'does not work'}`
  return section(
    'Environment',
    1,
    facts([
      ...own,
      ['Engine', `Docker ${engine}, API ${api}`],
      ['Processors', String(cpus)],
      [
        'Memory',
        `${bytes(memoryBytes)}${runMemoryBytes === undefined ? '' : `, of which the app had ${bytes(runMemoryBytes)}`}`,
      ],
      ['Load at the start', load.length === 0 ? null : `${load.join(' ')} (over 1, 5 and 15 minutes)`],
      ['Kernel', kernel === undefined ? null : `${kernel}${cgroup === undefined ? '' : `, cgroup ${cgroup}`}`],
      ['Virtual addresses', vips === undefined ? null : VIPS[vips ? 'yes' : 'no']],
      ['Deployer', deployer ?? null],
      ['Traefik', edge === undefined ? null : edge === 'foreign' ? 'not started by cc-ci' : html`<code>${edge}</code>`],
      ['Browser', browser === undefined ? null : `${browser}${sandbox}`],
    ]),
  )
}

/** Whether the kernel has IPVS, which carries them. */
const VIPS = {
  yes: '✓ carry traffic (IPVS)',
  no: '! carry none (no IPVS): services found each other by the addresses of their tasks',
} as const

function facts(rows: readonly (readonly [string, Markup | string | null])[]): Markup {
  return html`<dl class="facts">${rows.filter(([, value]) => value !== null).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
}

export function section(title: string, amount: number, body: Markup): Markup {
  if (amount === 0) return html``
  return html`<section aria-label="${title}"><h2>${title}</h2>${body}</section>`
}

/** Each rung with the worst outcome of its tiers, so that one sees where the level stopped. */
function rungs({ tiers, level }: Results): Markup {
  const worst = ['fail', 'unverified', 'skip', 'pass'] as const
  const rows = Object.entries(RUNGS).map(([rung, name]) => {
    const mine = tiers.filter(({ id }) => TIERS[id as TierId].rung === Number(rung))
    const judged = mine.filter(({ status }) => status !== 'skip')
    const status =
      worst.find((one) => (judged.length > 0 ? judged : mine).some((tier) => tier.status === one)) ?? 'skip'
    const reached = Number(rung) === level ? html` <strong>(reached)</strong>` : ''
    return html`<li class="s-${status}">${rung} ${name}: ${status}${reached}</li>`
  })
  return html`<ol class="rungs" aria-label="Rungs of the level">${rows}</ol>`
}
