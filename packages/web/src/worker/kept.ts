/**
 * What the page keeps on this device, so that neither a reload nor a dead battery loses an answer: one store of
 * IndexedDB, text keys, the parts of a key separated by slashes.
 */
export interface Kept {
  /** False where the browser refuses to store: then nothing outlives the page. */
  readonly isDurable: boolean;
  get<T>(key: string): Promise<T | undefined>;
  put(key: string, value: unknown): Promise<void>;
  remove(key: string): Promise<void>;
  /** All values whose keys begin with `prefix`. */
  list<T>(prefix: string): Promise<T[]>;
}

const storeName = 'kept';

/** Opens the store; where there is none (some private windows), a memory that acts the same. */
export async function openKept(name = 'assay'): Promise<Kept> {
  try {
    return overDatabase(await openDatabase(name));
  } catch {
    return inMemory();
  }
}

function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => void opening.result.createObjectStore(storeName);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
    opening.onblocked = () => reject(new Error('blocked'));
  });
}

function overDatabase(database: IDBDatabase): Kept {
  function run<T>(mode: IDBTransactionMode, use: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(storeName, mode);
      const asked = use(transaction.objectStore(storeName));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }
  return {
    isDurable: true,
    get: (key) => run('readonly', (store) => store.get(key)),
    put: async (key, value) => void (await run('readwrite', (store) => store.put(value, key))),
    remove: async (key) => void (await run('readwrite', (store) => store.delete(key))),
    list: (prefix) => run('readonly', (store) => store.getAll(IDBKeyRange.bound(prefix, `${prefix}\uffff`))),
  };
}

function inMemory(): Kept {
  const values = new Map<string, unknown>();
  return {
    isDurable: false,
    get: async <T>(key: string) => values.get(key) as T | undefined,
    put: async (key, value) => void values.set(key, value),
    remove: async (key) => void values.delete(key),
    list: async <T>(prefix: string) =>
      [...values].filter(([key]) => key.startsWith(prefix)).map(([, value]) => value as T),
  };
}
