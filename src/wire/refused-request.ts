import { PlatformError } from '../base/errors.ts'

/** A fault as Ajv tells it. */
export type SchemaFault = {
  keyword: string
  instancePath: string
  params: Record<string, unknown>
  message?: string
}

/** What a caller is told of a request that its shape does not let pass: which member, and what is expected. */
export function refusedRequest(faults: readonly SchemaFault[], part: string): PlatformError {
  const said = plainFaults(faults).map((fault) => {
    const extra = fault.keyword === 'additionalProperties' ? fault.params.additionalProperty : undefined
    if (part === 'querystring' && extra === 'explain') return 'explain is not supported yet; leave it out'
    if (extra !== undefined) return `${part}${fault.instancePath} has '${String(extra).slice(0, 80)}', which is unknown`
    return `${part}${fault.instancePath} ${messageOf(fault)}`
  })
  return new PlatformError('invalid_argument', said.join('; '))
}

/**
 * Of a choice between shapes Ajv tells why each of them does not fit, and then that none does. Said is what is wrong deepest
 * inside, where the caller meant that one; else the types that there could be.
 */
export function plainFaults(faults: readonly SchemaFault[]): SchemaFault[] {
  const choice = faults.find((fault) => fault.keyword === 'anyOf')
  if (choice === undefined) return [...faults]
  const inside = faults.filter((fault) => fault !== choice)
  const deeper = inside.find((fault) => fault.instancePath.length > choice.instancePath.length)
  if (deeper !== undefined) return [deeper]
  const types = inside.filter((fault) => fault.keyword === 'type').map((fault) => String(fault.params.type))
  if (types.length < inside.length) return inside.filter((fault) => fault.keyword !== 'type').slice(0, 1)
  return [{ ...choice, message: `must be ${types.join(' or ')}` }]
}

function messageOf({ keyword, params, message = 'is wrong' }: SchemaFault): string {
  if (keyword !== 'enum' || !Array.isArray(params.allowedValues)) return message
  return `must be one of ${params.allowedValues.map(String).join(', ')}`
}
