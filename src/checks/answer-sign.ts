import { createHash } from 'node:crypto'

/** 429, 502, 503 and 504 of the app itself: it says that it is not ready, not that something is wrong. */
const NOT_YET: readonly number[] = [429, 502, 503, 504]

/** Ids of requests, nonces, tokens: at least 12 characters of them with a digit among them. */
const TOKEN = /(?=[\w+/=-]*\d)[\w+/=-]{12,}/g
const TIME = /\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?/g

export function isStartingStatus(status: number): boolean {
  return NOT_YET.includes(status)
}

/**
 * Equal for answers that say the same: status and text, but for tokens and times of the day, which differ in each answer of an app that
 * stands still. Other numbers count: `45 %` after `44 %` is progress.
 */
export function answerSign({ status, body }: { readonly status: number; readonly body: string }): string {
  const text = body.replace(TOKEN, '#').replace(TIME, '#')
  return `${status} ${createHash('sha256').update(text).digest('hex')}`
}
