import type { WeeklyReport } from '../../history/weekly/report.ts'
import { escapeXml } from '../text/xml.ts'
import { weeklyDocument } from './document.ts'
import { type RunLink, weeklyBody } from './html.ts'

export interface FeedPlace {
  /** Without a slash at its end. All addresses and ids begin with it: they stay the same as long as it does. */
  readonly publicUrl: string
  /** Absolute. */
  readonly link: RunLink
}

/** The feed never had an entry: it has to say some time, and this one is the same every time. */
const NEVER = '1970-01-01T00:00:00.000Z'

/** An Atom feed (RFC 4287), newest week first. Made of nothing but the reports: the same ones give the same bytes. */
export function weeklyFeed(reports: readonly WeeklyReport[], { publicUrl, link }: FeedPlace): string {
  const updated = reports.map(updatedAt).sort().at(-1) ?? NEVER
  const entries = reports.map((report) => entry(report, { publicUrl, link }))
  return `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <id>${escapeXml(publicUrl)}/reports.atom</id>
  <title>Weekly reports of cc-ci</title>
  <updated>${updated}</updated>
  <author><name>cc-ci</name></author>
  <link rel="self" type="application/atom+xml" href="${escapeXml(publicUrl)}/reports.atom"/>
  <link rel="alternate" type="text/html" href="${escapeXml(publicUrl)}/reports"/>
${entries.join('')}</feed>
`
}

function entry(report: WeeklyReport, { publicUrl, link }: FeedPlace): string {
  const document = weeklyDocument(report)
  const address = escapeXml(`${publicUrl}/reports/${report.week.id}`)
  return `  <entry>
    <id>${address}</id>
    <title>${escapeXml(`${document.title}: ${headline(report)}`)}</title>
    <updated>${updatedAt(report)}</updated>
    <link rel="alternate" type="text/html" href="${address}"/>
    <link rel="alternate" type="text/markdown" href="${address}.md"/>
    <summary>${escapeXml(`${document.subtitle}: ${headline(report)}`)}</summary>
    <content type="html">${escapeXml(weeklyBody(document, link, { contents: false }).text)}</content>
  </entry>
`
}

function headline({ totals, regressed, fixed, attention }: WeeklyReport): string {
  const news = [
    ...(regressed.length > 0 ? [`${regressed.length} regressed`] : []),
    ...(fixed.length > 0 ? [`${fixed.length} fixed`] : []),
    ...(attention.length > 0
      ? [`${attention.length} need${attention.length === 1 ? 's' : ''} attention`]
      : ['all green']),
  ]
  return `${totals.runs} run${totals.runs === 1 ? '' : 's'}, ${news.join(', ')}`
}

/** When the week was over, or its last run, whichever is later. */
function updatedAt({ week, newest }: WeeklyReport): string {
  return newest !== null && newest > week.to ? newest : week.to
}
