import { PlatformError } from '../base/errors.ts'

/** Nothing answers for this model; `problem` says why not, when a version is in Production. */
export function noModel(name: string, problem: string | undefined): PlatformError {
  const message =
    problem ?? `no version of ${name} is in Production; run: weir promote ${name} VERSION --stage Production`
  return new PlatformError('no_production_model', message)
}
