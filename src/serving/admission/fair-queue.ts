/**
 * Who waits for a turn. The turn goes to the model that has had the least of late, and within it to the caller that has had
 * the least: so a model, or a caller, that asks for much waits for itself and not before others. What is asked for
 * is measured by its weight (a batch by its rows).
 */
export type Waiting = { readonly model: string; readonly caller: string; weight: number }

type Flow<T> = { items: T[]; weight: number; had: number }
type ModelFlow<T> = { callers: Map<string, Flow<T>>; weight: number; had: number }

export type FairQueue<T extends Waiting> = {
  push(item: T): void
  /** The next one whose turn it is. */
  shift(): T | undefined
  /** Takes the newest of whoever waits for the most, if that is more than the newcomer would with it: a place for the newcomer. */
  evictFor(newcomer: T): T | undefined
  remove(item: T): void
  /** Those that wait, in no order. */
  all(): T[]
  readonly count: number
  /** Of all that wait. */
  readonly weight: number
}

export function createFairQueue<T extends Waiting>(): FairQueue<T> {
  const models = new Map<string, ModelFlow<T>>()
  let [count, weight] = [0, 0]
  // What the last one served had had: a newcomer begins there, and has no claim for the time when it asked for nothing.
  let modelsHad = 0

  function push(item: T): void {
    const model = models.get(item.model) ?? { callers: new Map<string, Flow<T>>(), weight: 0, had: modelsHad }
    models.set(item.model, model)
    const flow = model.callers.get(item.caller) ?? { items: [], weight: 0, had: leastOf(model.callers)?.had ?? 0 }
    model.callers.set(item.caller, flow)
    flow.items.push(item)
    add(model, flow, item.weight, 1)
  }

  function add(model: ModelFlow<T>, flow: Flow<T>, more: number, items: 1 | -1): void {
    flow.weight += more
    model.weight += more
    weight += more
    count += items
  }

  function take(model: ModelFlow<T>, flow: Flow<T>, at: number): T {
    const [item] = flow.items.splice(at, 1) as [T]
    add(model, flow, -item.weight, -1)
    if (flow.items.length === 0) model.callers.delete(item.caller)
    if (model.callers.size === 0) models.delete(item.model)
    return item
  }

  function shift(): T | undefined {
    const model = leastOf(models)
    const flow = model && leastOf(model.callers)
    if (model === undefined || flow === undefined) return undefined
    const item = take(model, flow, 0)
    modelsHad = model.had
    model.had += item.weight
    flow.had += item.weight
    return item
  }

  function evictFor({ model, caller, weight: more }: T): T | undefined {
    const own = models.get(model)
    const most = mostOf(models)
    if (most === undefined) return undefined
    const ownFlow = own?.callers.get(caller)
    if (most !== own && most.weight > (own?.weight ?? 0) + more) return newestOf(most, mostOf(most.callers))
    const flow = own && mostOf(own.callers)
    if (own === undefined || flow === undefined || flow === ownFlow) return undefined
    return flow.weight > (ownFlow?.weight ?? 0) + more ? newestOf(own, flow) : undefined
  }

  function newestOf(model: ModelFlow<T>, flow: Flow<T> | undefined): T | undefined {
    return flow && take(model, flow, flow.items.length - 1)
  }

  function remove(item: T): void {
    const model = models.get(item.model)
    const flow = model?.callers.get(item.caller)
    const at = flow?.items.indexOf(item) ?? -1
    if (model && flow && at >= 0) take(model, flow, at)
  }

  return {
    push,
    shift,
    evictFor,
    remove,
    all: () => [...models.values()].flatMap(({ callers }) => [...callers.values()].flatMap(({ items }) => items)),
    get count() {
      return count
    },
    get weight() {
      return weight
    },
  }
}

function leastOf<F extends { had: number }>(flows: ReadonlyMap<string, F>): F | undefined {
  let least: F | undefined
  for (const flow of flows.values()) if (least === undefined || flow.had < least.had) least = flow
  return least
}

function mostOf<F extends { weight: number }>(flows: ReadonlyMap<string, F>): F | undefined {
  let most: F | undefined
  for (const flow of flows.values()) if (most === undefined || flow.weight > most.weight) most = flow
  return most
}
