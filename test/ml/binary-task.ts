import type { Task } from '../../src/ml/learn/task.ts'

/** A task of two classes without weights, from the labels of all rows. */
export function binaryTask({ labels, ...task }: Omit<Task, 'target' | 'weights'> & { labels: Uint8Array }): Task {
  return { ...task, target: { kind: 'binary', labels }, weights: null }
}
