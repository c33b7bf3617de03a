import { z } from 'zod';

/** Above 0. */
export const positive = () => z.number().positive();
/** 0 or more. */
export const atLeastZero = () => z.number().min(0);
/** A whole number from 1. */
export const count = () => z.int().min(1);
/** From 0 to 1. */
export const fraction = () => z.number().min(0).max(1);
/** From 0 to below 1. */
export const decay = () => z.number().min(0).lt(1);

/** A section whose every key has a default, so that a recipe may leave the whole section out. */
export const section = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject(shape).prefault({} as never);
