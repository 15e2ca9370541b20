import { enginePart } from './engine-part.ts'
import { browserPart, edgePart, toolboxPart, traefikPart } from './image-parts.ts'
import { toolsPart } from './packages.ts'
import type { MachinePart } from './part.ts'
import { diskPart, memoryPart, vipsPart } from './room-parts.ts'
import { proxyPart, swarmPart } from './swarm-part.ts'

/** Everything a machine must have to judge recipes: `doctor` looks at it, `engine up` fixes it. */
export const MACHINE_PARTS: readonly MachinePart[] = [
  memoryPart,
  diskPart,
  toolsPart,
  enginePart,
  swarmPart,
  vipsPart,
  proxyPart,
  toolboxPart,
  traefikPart,
  edgePart,
  browserPart,
]
