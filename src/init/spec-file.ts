import type { DatabaseProbe, RecipeFacts } from './facts.ts'

/** A first custom test that passes on an app that works, and shows how to continue. */
export function specFile(recipe: string, facts: RecipeFacts): { readonly name: string; readonly text: string } {
  const tests = [
    facts.routed === null ? servicesTest() : pageTest(facts.frontPath),
    ...facts.databases.map(databaseTest),
  ]
  const head = `// Runs after the app of ${recipe} is up. Rename it and say what the app must be able to do.`
  const text = [head, "import { expect, test } from 'cc-ci/test'", '', tests.join('\n\n'), ''].join('\n')
  return { name: facts.routed === null ? 'services.spec.ts' : 'front-page.spec.ts', text }
}

function pageTest(path: string): string {
  return `test('the front page has a title', async ({ page }) => {
  await page.goto(${quoted(path)})
  await expect(page).toHaveTitle(/\\S/)
})`
}

/** Without a page there is still what runs. */
function servicesTest(): string {
  return `test('the app is among the services', async ({ app }) => {
  expect((await app.services()).map(({ service }) => service)).toContain('app')
})`
}

function databaseTest({ service, argv, answer }: DatabaseProbe): string {
  return `test(${quoted(`${service} answers`)}, async ({ app }) => {
  const { stdout } = await app.exec(${quoted(service)}, [${argv.map(quoted).join(', ')}])
  expect(stdout).toContain(${quoted(answer)})
})`
}

function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}
