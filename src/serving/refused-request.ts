import { PlatformError } from '../base/errors.ts'

type Fault = { keyword: string; instancePath: string; params: Record<string, unknown>; message?: string }

/** What a caller is told of a request that its schema does not let pass: which member, and what is expected. */
export function refusedRequest(errors: readonly Fault[], part: string): PlatformError {
  const said = errors.map((error) => {
    const extra = error.keyword === 'additionalProperties' ? error.params.additionalProperty : undefined
    if (part === 'querystring' && extra === 'explain') return 'explain is not there yet; ask without it'
    if (extra !== undefined) return `${part}${error.instancePath} has '${String(extra).slice(0, 80)}', which is unknown`
    return `${part}${error.instancePath} ${error.message ?? 'is wrong'}`
  })
  return new PlatformError('invalid_argument', said.join('; '))
}
