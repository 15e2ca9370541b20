/** Every deployer, for a person; each has a folder of its name. `deployers.ts` has the programs. */
export const DEPLOYER_KINDS = {
  native: "cc-ci itself, with the docker CLI's `stack deploy` and the API of the engine",
  abra: "abra, the operators' client, where the machine has it",
} as const

export type DeployerName = keyof typeof DEPLOYER_KINDS
export const DEPLOYER_NAMES = Object.keys(DEPLOYER_KINDS) as [DeployerName, ...DeployerName[]]
