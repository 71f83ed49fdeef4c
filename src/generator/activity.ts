import type { Prng } from '../base/prng.ts'
import type { Customer } from './customers.ts'
import { bell, clamp, poisson } from './draws.ts'

/** What is counted of a customer in one month. */
export type Activity = {
  watchHours: number
  sessionMins: number
  devices: number
  skips: number
  rebuffers: number
  failedPayments: number
  tickets: number
  resolutionHours: number
}

/** The same for everybody, in the real months too: a column that teaches nothing. */
const SESSION_MINS = 29.14104464084511

/** exp of minus 0.3, 0.029 and 0.052. */
const EXP = { rebuffers: 0.7408182206817179, payments: 0.9714164767894089, tickets: 0.9493288668371586 }

/** The first month has the base figures. Later ones add what came new; in odd months people watch a little less. */
export function drawActivity(customer: Customer, month: number, prng: Prng): Activity {
  const { devices, skips, resolutionHours } = customer
  const later = month > 0
  const drift = later ? (month % 2 === 1 ? -0.6 : 0) + 0.93 * bell(prng) : 0
  const fresh = (expOfMinusMean: number) => (later ? poisson(prng, expOfMinusMean) : 0)
  return {
    watchHours: later ? clamp(customer.baseWatchHours + drift, 0.5, 60) : customer.baseWatchHours,
    sessionMins: SESSION_MINS,
    devices,
    skips,
    rebuffers: customer.baseRebuffers + fresh(EXP.rebuffers),
    failedPayments: customer.baseFailedPayments + fresh(EXP.payments),
    tickets: customer.baseTickets + fresh(EXP.tickets),
    resolutionHours,
  }
}
