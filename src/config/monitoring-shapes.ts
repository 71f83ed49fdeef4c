/** What is watched of a model, as a person writes it. */
import { z } from 'zod'
import { qualityMembers } from './quality-shapes.ts'

export const monitoring = z.strictObject({ ...qualityMembers })
