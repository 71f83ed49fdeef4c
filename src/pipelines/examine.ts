import type { FeatureLeak, Hindsight, Training } from '../training/training.ts'

export type Examination = {
  model: string
  rows: number
  leaks: FeatureLeak[]
  hindsight: Hindsight | { reason: string } | null
  metrics: Record<string, number>
  /** Features that tell the label alone, or were changed as the label did: faults until they are explained. */
  suspects: string[]
}

/** Fits a model as `weir train` would, and tells what it found of hindsight and leaks. No run and no version is made. */
export async function examine(
  training: Pick<Training, 'pin' | 'buildDataset' | 'buildAsServed' | 'fit' | 'readReport'>,
  request: { model: string; asOf: string; from?: string; threads?: number },
): Promise<Examination> {
  const pinned = await training.pin(request)
  const dataset = await training.buildDataset(pinned)
  const asked = structuredClone(pinned)
  asked.definitions.model.hindsight = true
  const fit = await training.fit(pinned, dataset, await training.buildAsServed(asked))
  const { leaks, hindsight } = await training.readReport(fit)
  const suspects = leaks.filter(({ findings }) => findings.some((finding) => finding !== 'depends on K'))
  return {
    model: request.model,
    rows: fit.rows,
    leaks,
    hindsight,
    metrics: fit.metrics,
    suspects: suspects.map(({ feature }) => feature),
  }
}
