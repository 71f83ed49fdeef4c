/**
 * Proposes how a file is written. The text around the values is guessed from its beginning (sample/guess-text.ts), the values
 * from all of them (sample/guess-values.ts); then the whole file is read and checked with the proposal, as a delivery would be, so
 * that what is proposed is known to be right, and what still does not fit is said.
 */
import { realpath } from 'node:fs/promises'
import { basename, dirname, extname } from 'node:path'
import { PlatformError } from '../base/errors.ts'
import type { Instant } from '../base/instant.ts'
import type { Format, Project, Source } from '../config/project.ts'
import { USUAL_FORMAT } from '../config/usual-format.ts'
import type { Duck } from '../lake/duck.ts'
import { withTemporary } from '../lake/scratch.ts'
import { alike } from './csv-header.ts'
import { kindOfName, withoutEnding } from './files/known-endings.ts'
import { isNamedBy } from './files/named-by.ts'
import { visible } from './files/visible.ts'
import { type Finding, hasErrors } from './finding.ts'
import { blockOf, describeFormat } from './sample/block.ts'
import { guessText } from './sample/guess-text.ts'
import { guessValues } from './sample/guess-values.ts'
import { type Looker, newLooker } from './sample/looker.ts'

export type Proposal = {
  source: string
  file: string
  /** It can be read with what the project says already. */
  fits: boolean
  /** It can be read with the proposal. */
  wouldFit: boolean
  /** What to write in the source, as TypeScript; null where nothing would help. */
  block: string | null
  /** The same as data: what is not as usual. */
  format: Partial<Format>
  /** What the file looks like, in words. */
  looksLike: string[]
  /** Where a person must decide. */
  notes: string[]
  rows: number | null
  /** What does not fit, with the proposal where there is one; warnings too. */
  findings: Finding[]
}

type Deps = {
  duck: Duck
  project: Project
  now: Instant
  /** Where DuckDB may read what is made of the file; a folder of the system where it may read anything. */
  withScratch?: <T>(body: (dir: string) => Promise<T>) => Promise<T>
}

export async function checkSample(deps: Deps, path: string, name?: string): Promise<Proposal> {
  const { duck, project, now, withScratch = (body) => withTemporary('sample', body) } = deps
  const place = await realpath(path).catch(() => {
    throw new PlatformError(
      'invalid_argument',
      `there is no file ${path}; name the file, or the folder of parts, that is to be looked at`,
    )
  })
  const file = basename(place)
  const source = chooseSource(project, file, name)
  return withScratch((scratch) =>
    duck.session(async (session) => {
      const sample = await sampleOf(source, place)
      const looker = newLooker({ session, project, now, folder: dirname(place), scratch })
      return propose(looker, { source, sample, file })
    }),
  )
}

/** The one that the file is named as, or the only one. */
function chooseSource(project: Project, file: string, name: string | undefined): Source {
  const sources = project.sources.filter((source) => source.postgres === null)
  const names = sources.map((source) => source.name).join(', ')
  if (name !== undefined) {
    const found = sources.find((source) => source.name === name)
    if (found) return found
    throw new PlatformError(
      'invalid_argument',
      `no source '${name}' that is read from a file; the project has ${names || 'none'}`,
    )
  }
  const stem = withoutEnding(file)
  const named = sources.filter((s) => isNamedBy(file, s) || alike(stem, withoutEnding(s.file)) || alike(stem, s.name))
  const [only] = named.length === 1 ? named : sources.length === 1 ? sources : []
  if (only) return only
  throw new PlatformError(
    'invalid_argument',
    `which source is ${file} of? Say it with --source; the project has ${names || 'none'}`,
  )
}

/** The source as if it named this very file; of a folder all its files. */
async function sampleOf(source: Source, place: string): Promise<Source> {
  const entries = await visible(place)
  return { ...source, anyFile: false, file: entries.length === 0 ? basename(place) : `${basename(place)}/*` }
}

async function propose(
  looker: Looker,
  { source, sample, file }: { source: Source; sample: Source; file: string },
): Promise<Proposal> {
  const first = await looker.look(sample)
  const named = source.anyFile || isNamedBy(file, source)
  const known = { source: source.name, file, fits: !hasErrors(first.findings) }
  if (known.fits) {
    return {
      ...known,
      wouldFit: true,
      block: null,
      format: {},
      looksLike: [],
      notes: nameNote(named, source, file),
      ...first,
    }
  }
  // What only a person can know stays as it is.
  const { sheet } = source.format
  const text = await guessText(looker, { ...sample, format: { ...USUAL_FORMAT, sheet } })
  const { format, notes } = await guessValues(looker, { ...sample, format: text.format })
  const second = await looker.look({ ...sample, format })
  const better = errorsOf(second.findings) < errorsOf(first.findings) || !hasErrors(second.findings)
  const looked = better ? second : first
  const different = better ? differenceOf(format) : {}
  return {
    ...known,
    wouldFit: !hasErrors(looked.findings),
    block: Object.keys(different).length === 0 ? null : blockOf(different),
    format: different,
    looksLike: describeFormat(different),
    notes: [...(better ? [...text.notes, ...notes] : []), ...nameNote(named, source, file)],
    ...looked,
  }
}

function errorsOf(findings: readonly Finding[]): number {
  const wholly = findings.some((f) =>
    ['file', 'format', 'encoding', 'delimiter', 'header', 'empty_file'].includes(f.rule),
  )
    ? 1e9
    : 0
  return wholly + findings.filter((f) => f.severity === 'error').reduce((sum, f) => sum + f.count, 0)
}

function nameNote(named: boolean, source: Source, file: string): string[] {
  if (named && (!source.anyFile || isNamedBy(file, source))) return []
  // What cannot be read under any name is told as that alone.
  if (kindOfName(file) === undefined && extname(file) !== '') return []
  return [
    `the file is called ${file}, and the source reads ${source.file}: rename it, or write in the source file: '${file}'`,
  ]
}

function differenceOf(format: Format): Partial<Format> {
  const usual: Record<string, unknown> = USUAL_FORMAT
  return Object.fromEntries(
    Object.entries(format).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(usual[field])),
  )
}
