import type {} from '@fastify/swagger'
import type { FastifyPluginAsync } from 'fastify'
import type { TrackingApi } from '../tracking/tracking.ts'
import type { CodeRecord, Environment } from '../training/training.ts'
import { type RecordedAnswer, recordedAnswer } from '../wire/recorded.ts'
import { routeOptions } from '../wire/route.ts'
import { type RunParams, runParams } from '../wire/run.ts'
import { type Recorded, recordedOf } from './recorded.ts'

type Deps = { tracking: Pick<TrackingApi, 'runs' | 'artifacts'> }

const FILES_SHOWN = 200
const TEXT_CHARS = 100_000

/** `GET /runs/{run}/recorded`: what a run of `weir train` says that it was made from. */
export function recordedRoutes({ tracking }: Deps): FastifyPluginAsync {
  return async (app) => {
    const options = routeOptions({
      tag: 'experiments',
      summary: 'What a run of weir train recorded: its training set and snapshots, code, git and environment',
      params: runParams,
      answers: { 200: recordedAnswer },
      errors: [404, 409],
    })
    app.get<{ Params: RunParams }>('/runs/:run/recorded', options, async ({ params }) => {
      const { runId, artifactUri } = await tracking.runs.get(params.run)
      return answerOf(await recordedOf(tracking.artifacts, artifactUri, runId))
    })
  }
}

function answerOf({ pinned, trainingSet, code, environment }: Recorded): RecordedAnswer {
  const { digest, identity, rows, label } = trainingSet
  return {
    training_set: {
      ...{ digest, identity, rows, label },
      as_of: pinned.asOf,
      known_at: pinned.knownAt,
      mode: pinned.mode,
      snapshots: snapshotsOf(trainingSet),
    },
    definitions_digest: pinned.definitionsDigest,
    weir: { version: pinned.versions.weir, digest: pinned.code, files: code?.weir.files.length ?? null },
    project: code && projectOf(code.project),
    git: gitOf(code, pinned.diff !== undefined && pinned.diff !== null),
    environment: environment && environmentOf(environment),
  }
}

function snapshotsOf({ inputs }: Recorded['trainingSet']): RecordedAnswer['training_set']['snapshots'] {
  const snapshots = new Map<string, RecordedAnswer['training_set']['snapshots'][number]>()
  for (const { source, snapshotId: id, validAt, recordedAt, digest, moment } of inputs) {
    const known = snapshots.get(id)
    if (known) known.for.push(moment)
    else snapshots.set(id, { source, id, valid_at: validAt, recorded_at: recordedAt, digest, for: [moment] })
  }
  return [...snapshots.values()]
}

function projectOf({ digest, files, packages }: CodeRecord['project']): RecordedAnswer['project'] {
  return {
    digest,
    files: files.slice(0, FILES_SHOWN).map(({ path, digest: of, text }) => {
      return { path, digest: of, text: text?.slice(0, TEXT_CHARS) ?? null }
    }),
    packages: packages.map(({ name, version }) => ({ name, version: version ?? null })),
  }
}

function gitOf(code: CodeRecord | null, diff: boolean): RecordedAnswer['git'] {
  const git = code?.git
  if (git?.kind !== 'git') return null
  const { commit, dirty, untracked, leftOut, cut } = git
  return { commit, dirty, untracked, left_out: leftOut, diff, diff_cut: cut }
}

function environmentOf({ node, native, os, cpu, timeZone }: Environment): RecordedAnswer['environment'] {
  return {
    node: node.node ?? null,
    native,
    os: `${os.platform} ${os.arch} ${os.release}, ${os.libc}`,
    cpu: cpu.model,
    cores: cpu.cores,
    kernels: cpu.kernels,
    time_zone: timeZone,
  }
}
