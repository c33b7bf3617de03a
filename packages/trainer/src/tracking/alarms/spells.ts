import { ALARMS, helpFor } from './alarms.js';
import type { Row } from './history.js';

/** Steps without a reason for an alarm after which it is over: one that flickers is shown once. */
export const CALM_STEPS = 10;

/** The begin or the end of a time in which an alarm had reason; a line of alarms.jsonl. */
export interface AlarmChange {
  readonly step: number;
  readonly alarm: string;
  readonly state: 'raised' | 'over';
  /** What was wrong, in words. */
  readonly message: string;
  /** What to do first. */
  readonly advice: string;
  /** Where it is explained. */
  readonly help: string;
}

/** Watches a run's steps one by one and tells when an alarm is raised and when it is over. What it tells follows from the rows alone. */
export function alarmWatch(): (row: Row & { readonly step: number }) => AlarmChange[] {
  const history: Row[] = [];
  const active = new Map<string, { message: string; calm: number }>();
  return ({ step, ...row }) => {
    history.push(row);
    return ALARMS.flatMap(({ name, advice, read }): AlarmChange[] => {
      const message = read(history);
      const spell = active.get(name);
      const change = { step, alarm: name, advice, help: helpFor(name) };
      if (message !== undefined) {
        active.set(name, { message, calm: 0 });
        return spell === undefined ? [{ ...change, state: 'raised', message }] : [];
      }
      if (spell === undefined || ++spell.calm < CALM_STEPS) return [];
      active.delete(name);
      return [{ ...change, state: 'over', message: spell.message }];
    });
  };
}
