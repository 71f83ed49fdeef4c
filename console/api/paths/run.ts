import { part, queryString } from '../query-string.ts'

export const run = (id: string) => `runs/${part(id)}`
export const runFiles = (id: string, path: string) =>
  `runs/${part(id)}/files${queryString({ path: path || undefined })}`
export const runPreview = (id: string, path: string) => `runs/${part(id)}/preview${queryString({ path })}`
export const runPicture = (id: string, path: string) => `runs/${part(id)}/picture${queryString({ path })}`
export const runHtml = (id: string, path: string, scripts: boolean) =>
  `runs/${part(id)}/html${queryString({ path, scripts: scripts || undefined })}`
export const runRecorded = (id: string) => `runs/${part(id)}/recorded`
/** The file as it is; a browser saves it. */
export const runFile = (id: string, path: string) => `get-artifact${queryString({ run_uuid: id, path })}`
export const series = (runs: readonly string[], keys: readonly string[], x: 'step' | 'time', points: number) =>
  `series${queryString({ run: runs, key: keys, x, points })}`
export const comparison = (runs: readonly string[], all: boolean) =>
  `runs/compare${queryString({ run: runs, all: all || undefined })}`
export const versionsOfRun = (id: string) =>
  `ajax-api/2.0/mlflow/model-versions/search${queryString({ filter: `run_id = '${id}'`, max_results: 100 })}`
export const trainings = () => 'trainings'
export const training = (id: string) => `trainings/${part(id)}`
