import { MLFLOW_RIGHTS } from './mlflow-rights.ts'
import { type ModelOf, type Right, ROLES, type Role } from './roles.ts'

/**
 * The one table of route → needed right. A route that is not in it is an admin's alone, and a test fails for it.
 *
 * - open: nobody is asked who they are.
 * - viewer: reads, predicts. editor: brings data, runs and versions in, and describes them. promoter: changes which version
 *   answers, and takes versions away. admin: tokens, what takes things out for good, the state of the installation.
 *
 * Each role may all that the ones before it may. `of` says how a route names the model that it is about, for tokens of one
 * model: in its path, by the field `name` of MLflow's protocol, or the one that is meant without a name. `of any`: it tells
 * nothing of any model. A route without it is not for a token of one model: runs, data, features and lists are everybody's.
 */
const RIGHTS = {
  'GET /': 'open',
  'GET /weir.svg': 'open',
  'GET /assets/:file': 'open',
  'GET /health': 'open',
  'GET /docs': 'viewer of any',
  'GET /docs/*': 'viewer of any',
  'GET /openapi.json': 'viewer of any',
  'GET /metrics': 'viewer',
  'GET /ready': 'viewer',
  'GET /ready/:model': 'viewer of path',
  'GET /events': 'viewer',
  'GET /overview': 'viewer',
  'GET /doctor': 'editor',
  'GET /storage': 'editor',
  'POST /storage/collect': 'admin',

  'GET /predict': 'viewer',
  'POST /predict': 'viewer of default',
  'POST /predict/batch': 'viewer of default',
  'POST /invocations': 'viewer of default',
  'GET /ping': 'viewer of default',
  'GET /models/:model/ping': 'viewer of path',
  'POST /models/:model/predict': 'viewer of path',
  'POST /models/:model/predict/batch': 'viewer of path',
  'POST /models/:model/what-if': 'viewer of path',
  'POST /models/:model/invocations': 'viewer of path',
  'GET /models/:model/features/:key': 'viewer of path',
  'GET /models/:model/versions/:version/card': 'viewer of path',

  'GET /models/:model/predictions': 'viewer of path',
  'GET /predictions/:request': 'viewer',
  'GET /entities/:entity/predictions': 'viewer',
  'GET /v2': 'viewer of any',
  'GET /v2/health/live': 'open',
  'GET /v2/health/ready': 'viewer',
  'GET /v2/models/:model': 'viewer of path',
  'GET /v2/models/:model/ready': 'viewer of path',
  'POST /v2/models/:model/infer': 'viewer of path',
  'GET /v2/models/:model/versions/:version': 'viewer of path',
  'GET /v2/models/:model/versions/:version/ready': 'viewer of path',
  'POST /v2/models/:model/versions/:version/infer': 'viewer of path',

  'GET /models': 'viewer',
  'GET /models/:model': 'viewer of path',
  'GET /models/:model/history': 'viewer of path',
  'GET /models/:model/servers': 'viewer of path',
  'GET /models/:model/timeline': 'viewer of path',
  'GET /models/:model/versions': 'viewer of path',
  'GET /models/:model/versions/:version': 'viewer of path',
  'GET /models/:model/versions/:version/gate': 'viewer of path',
  'GET /models/:model/promotions': 'viewer of path',
  'POST /models/:model/promotions': 'promoter of path',
  'POST /models/:model/promotions/:id/accept': 'promoter of path',
  'POST /models/:model/promotions/:id/decline': 'promoter of path',
  'POST /models/:model/promotions/:id/withdraw': 'promoter of path',
  'POST /models/:model/back': 'promoter of path',
  'GET /models/:model/arms': 'viewer of path',
  'PUT /models/:model/arms/:version': 'promoter of path',
  'POST /models/:model/arms/:version/stop': 'promoter of path',
  'GET /promotions': 'viewer',

  'GET /features/:key': 'viewer of default',
  'GET /feature-views': 'viewer',
  'GET /feature-views/:name': 'viewer',
  'GET /feature-views/:name/moments': 'viewer',
  'GET /feature-views/:name/statistics': 'viewer',
  'POST /get-online-features': 'viewer',
  'GET /feast/registry.db': 'viewer',
  'POST /push': 'editor',
  'POST /write-to-online-store': 'editor',
  'POST /materialize': 'editor',
  'POST /materialize-incremental': 'editor',

  'POST /deliveries': 'editor',
  'GET /deliveries': 'viewer',
  'GET /deliveries/:id': 'viewer',
  'POST /drift-reports': 'editor',
  'GET /drift-reports': 'viewer',
  'GET /drift-reports/:id': 'viewer',
  'GET /drift-reports/:id/page': 'viewer',
  'GET /snapshots': 'viewer',
  'GET /snapshots/difference': 'viewer',
  'GET /snapshots/:source/:as_of/:version': 'viewer',
  'GET /snapshots/:source/:as_of/:version/rows': 'viewer',
  'GET /snapshots/:source/:as_of/:version/impact': 'viewer',
  'POST /snapshots/:source/:as_of/:version/withdraw': 'editor',
  'GET /sources': 'viewer',
  'GET /sources/:source': 'viewer',
  'GET /sources/:source/columns': 'viewer',

  'GET /flows': 'viewer',
  'GET /flows/by-day': 'viewer',
  'GET /flows/:id': 'viewer',
  'GET /flows/:id/logs': 'viewer',
  'POST /flows/:id/cancel': 'editor',
  'POST /flows/:id/retry': 'editor',
  'POST /flows/:id/resume': 'editor',
  'GET /schedules': 'viewer',
  'GET /schedules/:name': 'viewer',
  'GET /schedules/:name/ticks': 'viewer',
  'GET /schedules/:name/backfills': 'viewer',
  'POST /schedules/:name/pause': 'editor',
  'POST /schedules/:name/resume': 'editor',
  'POST /schedules/:name/run': 'editor',
  'POST /schedules/:name/backfills': 'editor',
  'POST /schedules/:name/backfills/:id/drop': 'editor',

  'GET /alerts': 'viewer',
  'GET /alerts/rules': 'viewer',
  'GET /alerts/silences': 'viewer',
  'POST /alerts/:id/acknowledge': 'editor',
  'POST /alerts/silences': 'editor',
  'POST /alerts/silences/:id/end': 'editor',
  'POST /alerts/channels/:name/try': 'admin',

  'GET /lineage': 'viewer',
  'GET /series': 'viewer',
  'GET /runs/:run': 'viewer',
  'GET /runs/:run/files': 'viewer',
  'GET /runs/:run/preview': 'viewer',
  'GET /runs/:run/picture': 'viewer',
  'GET /runs/:run/html': 'viewer',
  'GET /runs/:run/recorded': 'viewer',
  'GET /runs/compare': 'viewer',
  'GET /trainings': 'viewer',
  'GET /trainings/:id': 'viewer',
  'POST /trainings': 'editor',
  'POST /runs/search': 'viewer',
  'POST /runs/groups': 'viewer',
  'POST /runs/differences': 'viewer',
  'POST /runs/delete': 'editor',
  'POST /runs/restore': 'editor',
  'GET /experiments': 'viewer',
  'GET /experiments/:experiment': 'viewer',
  'GET /experiments/:experiment/columns': 'viewer',
  'GET /experiments/:experiment/values': 'viewer',
  'GET /experiments/:experiment/views': 'viewer',
  'POST /experiments/:experiment/views': 'editor',
  'PUT /experiments/:experiment/views/:view': 'editor',
  'DELETE /experiments/:experiment/views/:view': 'editor',

  'GET /time/:kind/:name/rows': 'viewer',
  'GET /time/:kind/:name/differences': 'viewer',
  'GET /time/:kind/:name/moments': 'viewer',
  'GET /entities/:entity/keys': 'viewer',
  'GET /entities/:entity/history': 'viewer',

  'GET /get-artifact': 'viewer',
  'GET /model-versions/get-artifact': 'viewer of name',
  'GET /version': 'viewer of any',

  'GET /audit': 'viewer',
  'GET /audit/live': 'viewer',
  'GET /audit/verify': 'admin',
  'GET /tokens': 'admin',
  'POST /tokens': 'admin',
  'DELETE /tokens/:token': 'admin',
  'POST /sessions': 'open',
  'GET /sessions/current': 'viewer of any',
  'DELETE /sessions/current': 'open',
} as const satisfies Record<string, Right>

/** What a route needs, taken apart. */
export type Needs = { role: Role | null; model: ModelOf | null }

const TABLE: ReadonlyMap<string, Needs> = new Map(
  Object.entries<Right>({ ...RIGHTS, ...MLFLOW_RIGHTS }).map(([route, right]) => [route, taken(right)]),
)

/** What is not in the table. */
export const NEEDS_ADMIN: Needs = { role: 'admin', model: null }

/** What the route of this pattern needs; undefined where the table does not have it. */
export function findNeeds(method: string, path: string): Needs | undefined {
  const plain = method === 'HEAD' ? 'GET' : method
  return TABLE.get(`${plain} ${patternOf(path)}`) ?? TABLE.get(`* ${patternOf(path)}`)
}

/** The routes of the table, as it has them. */
export function routesOfTable(): readonly string[] {
  return [...TABLE.keys()]
}

/**
 * How the table writes a pattern: MLflow's two addresses of one call are one, of whichever version; and a model that a path
 * names itself (`/models/churn/predict`) is a model.
 */
export function patternOf(path: string): string {
  return path
    .replace(/^\/ajax-api\//, '/api/')
    .replace(/^\/api\/[23]\.0\//, '/api/')
    .replace(/^(\/v2)?\/models\/[^/]+/, '$1/models/:model')
}

export type Holder = { role: Role; model: string | null }

/** Whether a token may: `model` is the one that the request is about, null where it names none. */
export function can(holder: Holder, needs: Needs, model: string | null): boolean {
  if (needs.role === null) return true
  if (ROLES.indexOf(holder.role) < ROLES.indexOf(needs.role)) return false
  if (holder.model === null || needs.model === 'any') return true
  return needs.model !== null && model === holder.model
}

function taken(right: Right): Needs {
  if (right === 'open') return { role: null, model: 'any' }
  const [role, model = null] = right.split(' of ') as [Role, ModelOf?]
  return { role, model }
}
