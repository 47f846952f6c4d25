/** The version of Assay that made a result. */
export const version: string = '0.1.0';
