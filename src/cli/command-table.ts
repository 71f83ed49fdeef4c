import type { Command } from 'commander'

/** What a file in commands/ exports: its arguments, options, help with an example, and what it does. */
export type CommandModule = { define(command: Command): void }

type Entry = { name: string; summary: string; load: () => Promise<CommandModule> }

const GROUPS = {
  'Start here:': [
    {
      name: 'demo',
      summary: 'the whole main job, from two months of tables to a live prediction',
      load: () => import('./commands/demo.ts'),
    },
    {
      name: 'init',
      summary: 'make a new project, from the reference project',
      load: () => import('./commands/init.ts'),
    },
    {
      name: 'check',
      summary: 'read the project and say what was understood',
      load: () => import('./commands/check.ts'),
    },
    {
      name: 'doctor',
      summary: 'say what this installation has and what it lacks',
      load: () => import('./commands/doctor.ts'),
    },
    {
      name: 'adopt',
      summary: 'say that a home is of this project, or that its stores were moved',
      load: () => import('./commands/adopt.ts'),
    },
  ],
  'Run:': [
    {
      name: 'tokens',
      summary: 'who may call a server, and what: make, list and revoke tokens',
      load: () => import('./commands/tokens.ts'),
    },
    { name: 'up', summary: 'server and worker in one process', load: () => import('./commands/up.ts') },
    { name: 'serve', summary: 'the server alone', load: () => import('./commands/serve.ts') },
    { name: 'worker', summary: 'a worker for flows alone', load: () => import('./commands/worker.ts') },
    {
      name: 'alerts',
      summary: 'what is wrong by the rules of the project: look, acknowledge, silence, try a channel',
      load: () => import('./commands/alerts.ts'),
    },
    {
      name: 'flows',
      summary: 'the runs of flows: look, cancel, do again from a step, resume',
      load: () => import('./commands/flows.ts'),
    },
    {
      name: 'schedule',
      summary: 'what begins by itself: list, pause, resume, run now, backfill',
      load: () => import('./commands/schedule.ts'),
    },
  ],
  'Data:': [
    { name: 'ingest', summary: 'take in the files of one month', load: () => import('./commands/ingest.ts') },
    { name: 'snapshots', summary: 'what has been taken in', load: () => import('./commands/snapshots.ts') },
    {
      name: 'at',
      summary: 'what was true and known at a moment, and what differs between two',
      load: () => import('./commands/at.ts'),
    },
    { name: 'withdraw', summary: 'take a delivery back', load: () => import('./commands/withdraw.ts') },
    {
      name: 'impact',
      summary: 'what was trained and is served from a delivery',
      load: () => import('./commands/impact.ts'),
    },
    { name: 'materialize', summary: 'bring features online', load: () => import('./commands/materialize.ts') },
    { name: 'features', summary: 'the live features of one entity', load: () => import('./commands/features.ts') },
    {
      name: 'stats',
      summary: 'how fresh the feature views are, and what their values are like',
      load: () => import('./commands/stats.ts'),
    },
    {
      name: 'drift',
      summary: 'what differs between two moments of a source, or of what a model is asked',
      load: () => import('./commands/drift.ts'),
    },
    {
      name: 'verify',
      summary: 'compare live features with those of the lake',
      load: () => import('./commands/verify.ts'),
    },
    {
      name: 'forget',
      summary: "take a person's data out of everything that is kept",
      load: () => import('./commands/forget.ts'),
    },
    {
      name: 'dataset',
      summary: 'write a training set, or the features of your own rows, to a file',
      load: () => import('./commands/dataset.ts'),
    },
  ],
  'Models:': [
    { name: 'train', summary: 'train a model as of a date and register it', load: () => import('./commands/train.ts') },
    {
      name: 'reproduce',
      summary: 'train again what a version was trained from, and compare',
      load: () => import('./commands/reproduce.ts'),
    },
    {
      name: 'monitor',
      summary: 'look at a month: drift, what came true, how good the answers were, and what follows',
      load: () => import('./commands/monitor.ts'),
    },
    {
      name: 'compare',
      summary: 'train a candidate, measure it beside the champion, promote it if it is better',
      load: () => import('./commands/compare.ts'),
    },
    { name: 'gc', summary: 'remove deleted runs and experiments for good', load: () => import('./commands/gc.ts') },
    { name: 'runs', summary: 'the runs and their metrics', load: () => import('./commands/runs.ts') },
    { name: 'models', summary: 'the registered models and their versions', load: () => import('./commands/models.ts') },
    { name: 'promote', summary: 'give a version a stage or an alias', load: () => import('./commands/promote.ts') },
    {
      name: 'canary',
      summary: 'try a version on a share of the keys; let it grow, promote it or roll it back',
      load: () => import('./commands/canary.ts'),
    },
    {
      name: 'shadow',
      summary: 'compute a version for what is answered, unseen',
      load: () => import('./commands/shadow.ts'),
    },
    {
      name: 'promotions',
      summary: 'promotions that wait for another pair of eyes; accept or decline one',
      load: () => import('./commands/promotions.ts'),
    },
    {
      name: 'audit',
      summary: 'who changed what; what was live at a moment; whether the trail is whole',
      load: () => import('./commands/audit.ts'),
    },
    {
      name: 'predict',
      summary: 'predict one entity with the promoted model',
      load: () => import('./commands/predict.ts'),
    },
    {
      name: 'score',
      summary: 'predict every entity as of a date, into a file',
      load: () => import('./commands/score.ts'),
    },
    {
      name: 'explain',
      summary: 'say what each feature adds to a prediction',
      load: () => import('./commands/explain.ts'),
    },
    {
      name: 'predictions',
      summary: 'what a model answered, and to deliver it to the lake',
      load: () => import('./commands/predictions.ts'),
    },
  ],
} as const satisfies Record<string, readonly Entry[]>

export type CommandName = (typeof GROUPS)[keyof typeof GROUPS][number]['name']

export function commandsByGroup(): [string, readonly Entry[]][] {
  return Object.entries(GROUPS)
}
