import { Engine } from '../../engine/client.ts'
import { formatSize } from '../../lib/text/size.ts'
import { pulledImages } from '../../lifecycle/app/pulled-images.ts'
import { type MachinePart, ok } from '../../machine/part.ts'

/** What images of runs take on the disk. Never a lack: they are pruned. */
export function imagesPart(state: string): MachinePart {
  return {
    id: 'images-of-runs',
    title: 'Images of runs',
    action: '',
    needs: [],
    remedy: '`cc-ci gc --images` removes those that nobody uses.',
    async inspect() {
      const engine = await Engine.connect().catch(() => null)
      if (!engine) return ok('unknown without an engine')
      const { id } = await engine.info()
      const images = await pulledImages(state, id)
      const sizes = await Promise.all(images.map(async ({ ref }) => (await engine.image(ref))?.sizeBytes ?? 0))
      const bytes = sizes.reduce((sum, size) => sum + size, 0)
      return ok(images.length === 0 ? 'none' : `${images.length}, ${formatSize(bytes)}; 'cc-ci gc --images' prunes`)
    },
  }
}
