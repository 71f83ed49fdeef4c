/** Every address of the server that the console asks for, each spelled once, by area. */
import * as overview from './paths/overview.ts'
import * as state from './paths/state.ts'

export const paths = { ...overview, ...state }
