// The names of the targets that the tables compare with.
export const FLOOR = 'floor';
export const VERIFYING_FLOOR = 'verifying floor';
export const OWN = 'Portcullis';
export const OLD = 'old build';
export const HAPROXY = 'HAProxy';
