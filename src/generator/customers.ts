import type { Prng } from '../base/prng.ts'
import { bell, chance, choose, clamp, early, poisson, toTwentieth } from './draws.ts'

export type NetService = 'DSL' | 'Fiber optic' | 'No'
export type Contract = 'Month-to-month' | 'One year' | 'Two year'

/** What stays with a customer from month to month. `base…` are what the first month counts. */
export type Customer = {
  userId: string
  signupDate: string
  gender: 'Female' | 'Male'
  isSenior: boolean
  hasFamily: boolean
  hasDependents: boolean
  monthsActive: number
  /** Null where there is no line. */
  planTv: boolean | null
  planMovies: boolean | null
  contract: Contract
  paperless: boolean
  monthlyFee: number
  totalPaid: number
  netService: NetService
  devices: number
  skips: number
  resolutionHours: number
  baseWatchHours: number
  baseRebuffers: number
  baseFailedPayments: number
  baseTickets: number
}

/** The customer that documents and callers know, with the values that the real January has. */
export const KNOWN_CUSTOMER: Customer = {
  userId: '7590-VHVEG',
  signupDate: '2022-02-05',
  gender: 'Female',
  isSenior: false,
  hasFamily: true,
  hasDependents: false,
  monthsActive: 1,
  planTv: false,
  planMovies: false,
  contract: 'Month-to-month',
  paperless: true,
  monthlyFee: 29.85,
  totalPaid: 29.85,
  netService: 'DSL',
  devices: 3,
  skips: 4,
  resolutionHours: 16,
  baseWatchHours: 24.483650766787413,
  baseRebuffers: 1,
  baseFailedPayments: 1,
  baseTickets: 0,
}

/** Shares and means below are those of the real January. */
const NET_SERVICES = [
  ['Fiber optic', 0.4396],
  ['DSL', 0.3437],
  ['No', 0.2167],
] as const
const CONTRACTS = {
  DSL: contracts(0.505, 0.235),
  'Fiber optic': contracts(0.687, 0.174),
  No: contracts(0.343, 0.239),
}
/** Television and films: both, only the first, only the second. */
const PLANS = { DSL: [0.26, 0.135, 0.145], 'Fiber optic': [0.423, 0.142, 0.143] } as const
const PAPERLESS = { DSL: 0.55, 'Fiber optic': 0.77, No: 0.29 }

const MONTHS_MAX = 72
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** exp of minus 5, 1.95, 0.16 and 0.3. */
const EXP = {
  skips: 0.006737946999085467,
  rebuffers: 0.1422740715865136,
  payments: 0.8521437889662113,
  tickets: 0.7408182206817179,
}

export function drawCustomers(prng: Prng, count: number): Customer[] {
  const taken = new Set([KNOWN_CUSTOMER.userId])
  const customers = [KNOWN_CUSTOMER]
  while (customers.length < count) customers.push(drawCustomer(prng, drawUserId(prng, taken)))
  return customers
}

function drawUserId(prng: Prng, taken: Set<string>): string {
  for (;;) {
    const digits = String(prng.int(10_000)).padStart(4, '0')
    const letters = Array.from({ length: 5 }, () => LETTERS[prng.int(LETTERS.length)]).join('')
    const userId = `${digits}-${letters}`
    if (taken.has(userId)) continue
    taken.add(userId)
    return userId
  }
}

function drawCustomer(prng: Prng, userId: string): Customer {
  const netService = choose(prng, NET_SERVICES)
  const contract = choose(prng, CONTRACTS[netService])
  const monthsActive = drawMonths(prng, contract)
  const [planTv, planMovies] = drawPlans(prng, netService)
  const monthlyFee = drawFee(prng, { netService, monthsActive, plans: Number(planTv) + Number(planMovies) })
  const hasFamily = chance(prng, 0.483)
  return {
    userId,
    signupDate: signupDate(monthsActive),
    gender: chance(prng, 0.495) ? 'Female' : 'Male',
    isSenior: chance(prng, 0.162),
    hasFamily,
    hasDependents: chance(prng, hasFamily ? 0.514 : 0.099),
    monthsActive,
    planTv,
    planMovies,
    contract,
    paperless: chance(prng, PAPERLESS[netService]),
    monthlyFee,
    totalPaid: drawTotal(prng, monthsActive, monthlyFee),
    netService,
    devices: 1 + prng.int(3),
    skips: poisson(prng, EXP.skips),
    resolutionHours: Math.round(clamp(10 + 4 * bell(prng), 1, 30) * 10) / 10,
    baseWatchHours: clamp(19.8 + 0.152 * monthlyFee + 4.9 * bell(prng), 2, 60),
    baseRebuffers: poisson(prng, EXP.rebuffers) + (netService === 'DSL' ? 1 : 0),
    baseFailedPayments: poisson(prng, EXP.payments),
    baseTickets: poisson(prng, EXP.tickets),
  }
}

/** Many are new and bound by nothing; many have stayed for the 6 years that are counted, bound for two years. */
function drawMonths(prng: Prng, contract: Contract): number {
  if (contract === 'Month-to-month') return 1 + Math.floor(71 * early(prng))
  if (contract === 'One year') return Math.min(MONTHS_MAX, 8 + prng.int(68))
  return chance(prng, 0.006) ? 0 : MONTHS_MAX - Math.floor(68 * early(prng))
}

function drawPlans(prng: Prng, netService: NetService): [boolean, boolean] | [null, null] {
  if (netService === 'No') return [null, null]
  const [both, tv, movies] = PLANS[netService]
  const u = prng.float()
  return [u < both + tv, u < both || (u >= both + tv && u < both + tv + movies)]
}

/** Line, telephone, 10 for a plan, 5 for each of four extras that customers gather with time. */
function drawFee(prng: Prng, customer: { netService: NetService; monthsActive: number; plans: number }): number {
  const { netService, monthsActive, plans } = customer
  const noise = 0.5 * bell(prng)
  if (netService === 'No') return toTwentieth((chance(prng, 0.22) ? 25 : 20) + noise)
  let extras = 0
  for (let i = 0; i < 4; i++) if (chance(prng, 0.2 + (0.35 * monthsActive) / MONTHS_MAX)) extras++
  const line = netService === 'DSL' ? (chance(prng, 0.8) ? 45 : 25) : chance(prng, 0.5) ? 75 : 70
  return toTwentieth(line + 10 * plans + 5 * extras + noise)
}

/** What was paid in all; fees have changed a little over the months. */
function drawTotal(prng: Prng, monthsActive: number, monthlyFee: number): number {
  const change = 1 + 0.05 * bell(prng)
  return toTwentieth(monthsActive * monthlyFee * (monthsActive > 1 ? change : 1))
}

/** The first ones came with the service on the first of January 2022; the others one day a month later. */
function signupDate(monthsActive: number): string {
  const day = Math.max(0, 36 - monthsActive)
  const [month, dayOfMonth] = day < 31 ? ['01', day + 1] : ['02', day - 30]
  return `2022-${month}-${String(dayOfMonth).padStart(2, '0')}`
}

function contracts(monthly: number, yearly: number) {
  return [
    ['Month-to-month', monthly],
    ['One year', yearly],
    ['Two year', 1 - monthly - yearly],
  ] as const
}
