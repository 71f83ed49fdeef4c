import { workerData } from 'node:worker_threads'
import { kernelsOn } from './kernels.ts'
import { COMMAND_WORDS } from './layout.ts'
import { viewsOf } from './memory.ts'
import { COMMAND, type HelperTask, helperHistogram, LOOKS, STOP, takeShards } from './team.ts'

const { memory, layout, number } = workerData as HelperTask
const views = viewsOf(memory)
const working = { kernels: kernelsOn(memory), layout, views }
const at = layout.command / 4
const command = views.words.subarray(at, at + COMMAND_WORDS + number + 1)
const histogram = helperHistogram(layout, number)

for (let known = 0; known !== STOP; ) {
  const sequence = Atomics.load(command, COMMAND.sequence)
  if (sequence === known) {
    for (let looks = 0; looks < LOOKS && Atomics.load(command, COMMAND.sequence) === known; looks++);
    Atomics.wait(command, COMMAND.sequence, known)
    continue
  }
  known = sequence
  if (sequence === STOP) break
  takeShards(working, command, sequence, histogram, () => {
    working.kernels.clear(histogram, layout.histogramBytes)
    command[COMMAND_WORDS + number] = sequence
  })
}
