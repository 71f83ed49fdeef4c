/** What is watched of a model, as a person writes it. */
import { z } from 'zod'
import { driftMembers } from './drift-shapes.ts'
import { qualityMembers } from './quality-shapes.ts'

export const monitoring = z.strictObject({ ...driftMembers, ...qualityMembers })
