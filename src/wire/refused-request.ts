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
    if (part === 'querystring' && extra === 'explain')
      return 'explain is for predictions by key (POST /predict?explain=true, and /predict/batch); leave it out'
    const place = placeOf(part, fault.instancePath)
    if (extra !== undefined) return `${place} has '${String(extra).slice(0, 80)}', which is unknown; leave it out`
    const lacks = fault.keyword === 'required' ? String(fault.params.missingProperty) : undefined
    if (lacks === undefined) return `${place} ${messageOf(fault)}`
    return `${place} lacks '${lacks}'; ${part === 'querystring' ? `add ?${lacks}=…` : 'send it'}`
  })
  return new PlatformError('invalid_argument', said.join('; '))
}

/** The parts of a request in the words of who sends it. */
const PARTS: Record<string, string> = {
  body: 'the body',
  querystring: 'the address',
  params: 'the path',
  headers: 'the headers',
}

function placeOf(part: string, path: string): string {
  const within = PARTS[part] ?? part
  return path === ''
    ? within
    : `'${path.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~')}' in ${within}`
}

const TYPES: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'a JSON object',
  array: 'a list',
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
  return [{ ...choice, params: { ...choice.params, types }, message: `must be ${types.join(' or ')}` }]
}

function messageOf({ keyword, params, message = 'is wrong' }: SchemaFault): string {
  if (keyword === 'type' || params.types !== undefined) return `must be ${typesOf(params.types ?? params.type)}`
  if (keyword !== 'enum' || !Array.isArray(params.allowedValues)) return message
  return `must be one of ${params.allowedValues.map(String).join(', ')}`
}

function typesOf(type: unknown): string {
  return [type]
    .flat()
    .map((one) => TYPES[String(one)] ?? String(one))
    .join(' or ')
}
