import { createRequire } from 'node:module'
import type { FastifySchemaCompiler, FastifyServerOptions } from 'fastify'

type Factory = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>
type Compiler = FastifySchemaCompiler<unknown>
type Validate = ReturnType<Compiler>

const require = createRequire(import.meta.url)

/**
 * Fastify's own validators, each compiled when its route is first asked: a start compiles none. That every shape can be
 * compiled is a test's business (test/http/all-routes). Answers are never cut to their shape, so none is compiled for them.
 */
export const compilersWhenAsked = {
  buildValidator: (shared: unknown, options: unknown): Compiler => {
    let compile: Compiler | undefined
    return (shape) => {
      let validate: Validate | undefined
      const whenAsked: Validate = (data) => {
        compile ??= require('@fastify/ajv-compiler')()(shared, options) as Compiler
        validate ??= compile(shape)
        const told = validate(data)
        whenAsked.errors = validate.errors
        return told
      }
      return whenAsked
    }
  },
  buildSerializer: () => () => JSON.stringify,
} as unknown as Factory
