import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runFolder } from '../../../src/lifecycle/run-folder.ts'
import { runText } from '../../../src/server/publishing/comment.ts'
import { serverMasker } from '../../../src/server/secrets.ts'
import type { Results } from '../../../src/verdict/results.ts'
import { AFTER, BEFORE, crash, keep, results } from '../../history/some-runs.ts'
import { HEADER } from '../../verdict/passing-stream.ts'
import { endRun, openScene, requestFor, type Scene } from '../support/scene.ts'

const MAIN = 'b'.repeat(40)
const PICTURE = 'artifacts/screenshots/install.png'
const SECRET = 'operator-token-operator-token-1234'

const said = async (scene: Scene, row: Parameters<typeof runText>[1]) => {
  const masker = serverMasker(scene.settings)
  return runText({ ...scene.parts, masker, progress: { published: async () => null } }, row, Date.now())
}

/** The ended run of a pull request that left main at `MAIN`, with the id that its folder has. */
async function ended(scene: Scene, made: Results) {
  const pull = { number: 1, headRef: 'change', baseRef: 'main', comment: 1, author: 'member' }
  await scene.store.add(requestFor({ id: made.run.id, pull: { ...pull, target: { tip: MAIN, fork: MAIN } } }))
  return endRun(scene, made)
}

describe('the picture in a comment', () => {
  const pictured = () =>
    results({ id: AFTER, more: [{ type: 'artifact', kind: 'screenshot', path: PICTURE, sha256: 'a'.repeat(64) }] })

  it('is shown while it is there, and not as a broken one when it was pruned', async () => {
    const scene = await openScene()
    const row = await ended(scene, pictured())
    const file = join(runFolder(scene.settings.state, row.folder).dir, PICTURE)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, 'a picture')
    expect(await said(scene, row)).toContain(`![screenshot](<https://ci.example.org/runs/${AFTER}/files/${PICTURE}>)`)
    rmSync(file)
    const without = await said(scene, row)
    expect(without).not.toMatch(/screenshot/i)
    expect(without).toContain('| install |')
  })
})

describe('the card in a comment', () => {
  const CARD = 'artifacts/card.png'

  it('is shown above what is folded while it is there, and leads to the page of the run', async () => {
    const scene = await openScene()
    const more = [{ type: 'artifact', kind: 'card', path: CARD, sha256: 'a'.repeat(64) }] as const
    const row = await ended(scene, results({ id: AFTER, more }))
    const file = join(runFolder(scene.settings.state, row.folder).dir, CARD)
    expect(await said(scene, row)).not.toContain('<img')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, 'a picture')
    const url = `https://ci.example.org/runs/${AFTER}`
    expect((await said(scene, row)).split('<details>')[0]).toContain(
      `<a href="${url}"><img src="${url}/files/${CARD}" width="600" alt="pocketbase 2.0.0+0.40.6: pass, level 6 (resilience)"></a>`,
    )
  })

  it('is not any file that results name', async () => {
    const scene = await openScene()
    const more = [{ type: 'artifact', kind: 'card', path: '../../elsewhere.png', sha256: 'a'.repeat(64) }] as const
    expect(await said(scene, await ended(scene, results({ id: AFTER, more })))).not.toContain('<img')
  })
})

describe('what the change changes', () => {
  const base = (more: Parameters<typeof results>[0] = {}) =>
    results({ id: BEFORE, ...more, header: { recipe: { ...HEADER.recipe, commit: MAIN }, ...more.header } })

  it('stands below the verdict, without a link where no page shows the run of the base', async () => {
    const scene = await openScene()
    keep(scene.settings.state, base())
    const text = await said(scene, await ended(scene, results({ id: AFTER, fails: { upgrade: crash } })))
    expect(text).toContain(
      `**What this change changes** against main at \`${MAIN.slice(0, 12)}\`: ✗ worse, level 6 → 1`,
    )
    expect(text).toContain('| upgrade | **regression** | pass |')
  })

  it('is one line where nothing is another', async () => {
    const scene = await openScene()
    keep(scene.settings.state, base(), { 'app.1.log': 'hello\n' })
    const text = await said(scene, await ended(scene, results({ id: AFTER })))
    expect(text).toContain(`nothing against main at \`${MAIN.slice(0, 12)}\`: level 6, every tier ends as there.`)
  })

  it('is not known where another thing differs, and the key is named', async () => {
    const scene = await openScene()
    keep(scene.settings.state, base({ header: { tool: { ...HEADER.tool, commit: 'e'.repeat(40) } } }))
    const text = await said(scene, await ended(scene, results({ id: AFTER })))
    expect(text).toMatch(
      /Not compared with main: 1 run of main at b{12}, not to be compared&#58; more than one thing differs/,
    )
    expect(text).toContain('eeeeeeeeee')
  })

  it('is not known where the request is older than that, and what fixes it', async () => {
    const scene = await openScene()
    await scene.store.add(requestFor({ id: AFTER }))
    const text = await said(scene, await endRun(scene, results({ id: AFTER })))
    expect(text).toContain('does not name the commit of the target branch&#58; ask for a new run.')
    expect(text).not.toContain('An operator can start one')
  })

  it('holds no secret of the server, however a recipe comes to know one', async () => {
    const scene = await openScene()
    keep(scene.settings.state, base(), { 'app.1.log': 'fine\n' })
    const leaking = results({ id: AFTER, fails: { upgrade: { ...crash, service: SECRET } } })
    const row = await ended(scene, leaking)
    const { logs } = runFolder(scene.settings.state, row.folder)
    mkdirSync(logs, { recursive: true })
    writeFileSync(join(logs, 'app.1.log'), `ERROR ${SECRET}\n`)
    const against = await scene.parts.memory.against(row)
    expect(JSON.stringify(against)).not.toContain(SECRET)
    expect(JSON.stringify(against)).toContain('ERROR ***')
    expect(await said(scene, row)).not.toMatch(/operator.{0,6}token/)
  })
})
