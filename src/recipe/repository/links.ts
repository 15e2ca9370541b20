/** As many as Linux follows for one path, and as long as it takes one. */
const MAX_LINKS = 40
const MAX_PATH = 4095
/** Steps along paths for all links of a tree together: recipes need some hundreds, and links through links can ask for billions. */
const MAX_STEPS = 200_000

/**
 * The links that lead out of a tree, as the kernel would follow them: through links on the way too, and `..` from where they led. `links` are all
 * links of the tree, path to target. What leads in a circle leads nowhere, and what is not there is still within. Links that are too entangled to be followed
 * count as leading out.
 */
export function escapingLinks(links: ReadonlyMap<string, string>): string[] {
  const budget = { steps: MAX_STEPS }
  return [...links.keys()].filter((path) => leadsOut(path, links, budget))
}

function leadsOut(path: string, links: ReadonlyMap<string, string>, budget: { steps: number }): boolean {
  const at: string[] = []
  /** Steps to go, the next one last. */
  const left = path.split('/').reverse()
  let followed = 0
  for (let step = left.pop(); step !== undefined; step = left.pop()) {
    if (--budget.steps < 0) return true
    if (step === '' || step === '.') continue
    if (step === '..') {
      if (at.pop() === undefined) return true
      continue
    }
    at.push(step)
    const target = links.get(at.join('/'))
    if (target === undefined) continue
    if (target.startsWith('/') || target.length > MAX_PATH) return true
    if (++followed > MAX_LINKS) return false
    at.pop()
    left.push(...target.split('/').reverse())
  }
  return false
}
