/** What a token may, least first: each may all that the ones before it may. */
export const ROLES = ['viewer', 'editor', 'promoter', 'admin'] as const

export type Role = (typeof ROLES)[number]

/** How a route names the model that it is about: in its path, by MLflow's field `name`, the one meant without a name; or it tells of none. */
export type ModelOf = 'path' | 'name' | 'default' | 'any'

/** As the table of rights (can.ts) says it. */
export type Right = 'open' | Role | `${Role} of ${ModelOf}`
