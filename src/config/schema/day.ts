// The schema of a day, as sunsets have one.
import { z } from 'zod';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** Date.parse takes the 30th of February for a day in March. */
const isDay = (value: string): boolean =>
  !Number.isNaN(Date.parse(value)) && new Date(value).toISOString().startsWith(value);

const DAY_HINT = 'write a date, such as 2027-06-30';

/** A day, from its start in UTC. */
export const day = z
  .string({ error: DAY_HINT })
  .regex(DAY, { error: DAY_HINT })
  .refine((value) => !DAY.test(value) || isDay(value), {
    error: 'this date does not exist; write another, such as 2027-06-30',
  });
