export { huggingFace, parquet } from './formats/parquet.ts';
export { readParquet, readParquetRows } from './formats/parquet-reader.ts';
export { parquetLists, parquetSheet } from './formats/parquet-writer.ts';
