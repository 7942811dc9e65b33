"""Vector indices of other projects, on the rows and queries that the bench wrote for its own.

`search.py THREADS FOLDER` reads one request a line and answers each with numbers on a line:

    load KIND                         0          rows, queries and answers of FOLDER/KIND
    build ENGINE                      rows a second and bytes on the disk; nan if it is not installed
    query ENGINE THREADS MASK NUMBER  milliseconds and recall of one query
    drop ENGINE                       0

Rows are unit vectors cell by cell, so that all have the same length: the order by inner product, by distance and by
cosine is one order. A mask is a query whose other cells are zero, which every engine takes.
"""

import glob
import importlib.metadata
import os
import shutil
import sys
import time

import numpy as np

ALL = int(sys.argv[1])
FOLDER = sys.argv[2]
WIDTH, K, BATCH = 2048, 10, 8192
SCRATCH = f"{FOLDER}/peer-files"


class Faiss:
    """An index by its factory's name."""

    def __init__(self, factory, settings=lambda index: None):
        self.factory, self.settings = factory, settings

    def build(self, rows, folder):
        import faiss

        self.faiss = faiss
        faiss.omp_set_num_threads(ALL)
        self.index = faiss.index_factory(WIDTH, self.factory, faiss.METRIC_INNER_PRODUCT)
        if not self.index.is_trained:
            self.index.train(rows[:])
        for first in range(0, len(rows), BATCH):
            self.index.add(rows[first : first + BATCH])
        self.settings(self.index)

    def save(self, path):
        self.faiss.write_index(self.index, path)

    def query(self, query, threads):
        self.faiss.omp_set_num_threads(threads)
        return self.index.search(query[None], K)[1][0]


class Hnswlib:
    def build(self, rows, folder):
        import hnswlib

        self.index = hnswlib.Index("ip", WIDTH)
        self.index.init_index(len(rows), M=16, ef_construction=200)
        self.index.set_num_threads(ALL)
        self.index.add_items(rows[:])
        self.index.set_ef(200)

    def save(self, path):
        self.index.save_index(path)

    def query(self, query, threads):
        self.index.set_num_threads(threads)
        return self.index.knn_query(query, K)[0][0]


class LanceDB:
    """Its exact search without an index, or one by inverted lists and product quantisation."""

    def __init__(self, lists=0):
        self.lists = lists

    def build(self, rows, folder):
        import lancedb
        import pyarrow as pa

        schema = pa.schema([("id", pa.int64()), ("vector", pa.list_(pa.float32(), WIDTH))])
        self.table = lancedb.connect(folder).create_table("rows", schema=schema)
        for first in range(0, len(rows), BATCH):
            part = rows[first : first + BATCH]
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(part.ravel()), WIDTH)
            ids = pa.array(np.arange(first, first + len(part)))
            self.table.add(pa.table({"id": ids, "vector": vectors}))
        if self.lists:
            # 16 numbers a code, its default; a hundred rows are refined for the ten.
            self.table.create_index(
                metric="dot", index_type="IVF_PQ", num_partitions=self.lists, num_sub_vectors=WIDTH // 16
            )

    def query(self, query, threads):
        search = self.table.search(query).distance_type("dot").limit(K)
        if self.lists:
            search = search.nprobes(32).refine_factor(10)
        return search.select(["id", "_distance"]).to_arrow()["id"].to_numpy()


class SqliteVec:
    def build(self, rows, folder):
        # Python's own sqlite3 is often built without extensions.
        import apsw
        import sqlite_vec

        self.connection = apsw.Connection(f"{folder}/rows.db")
        self.connection.enable_load_extension(True)
        self.connection.load_extension(sqlite_vec.loadable_path())
        self.connection.execute(f"create virtual table rows using vec0(vector float[{WIDTH}])")
        for first in range(0, len(rows), BATCH):
            part = enumerate(rows[first : first + BATCH], first)
            with self.connection:
                self.connection.executemany(
                    "insert into rows(rowid, vector) values (?, ?)", ((i, row.tobytes()) for i, row in part)
                )

    def query(self, query, threads):
        found = self.connection.execute(
            "select rowid from rows where vector match ? order by distance limit ?", (query.tobytes(), K)
        )
        return [row[0] for row in found]


class Chroma:
    def build(self, rows, folder):
        import chromadb

        settings = chromadb.Settings(anonymized_telemetry=False)
        self.client = chromadb.PersistentClient(folder, settings)
        graph = {"hnsw:space": "ip", "hnsw:M": 16, "hnsw:construction_ef": 200, "hnsw:search_ef": 200}
        self.rows = self.client.create_collection("rows", metadata=graph, embedding_function=None)
        size = min(BATCH // 2, self.client.get_max_batch_size())
        for first in range(0, len(rows), size):
            part = rows[first : first + size]
            self.rows.add(ids=[str(first + i) for i in range(len(part))], embeddings=part)

    def query(self, query, threads):
        found = self.rows.query(query_embeddings=query[None], n_results=K, include=[])
        return [int(name) for name in found["ids"][0]]


def refined(index):
    index.k_factor = 100


def probing(index):
    index.nprobe = 32


ENGINES = {
    "faiss-flat": lambda: Faiss("Flat"),
    "faiss-fp16": lambda: Faiss("SQfp16"),
    "faiss-ivf": lambda: Faiss("IVF256,Flat", probing),
    "faiss-rabitq": lambda: Faiss("RaBitQfs,Refine(SQfp16)", refined),
    "hnswlib": Hnswlib,
    "lancedb": LanceDB,
    "lancedb-ivf-pq": lambda: LanceDB(256),
    "sqlite-vec": SqliteVec,
    "chromadb": Chroma,
}
PACKAGES = ["faiss-cpu", "hnswlib", "lancedb", "sqlite-vec", "chromadb", "numpy"]
built = {}
data = {}


class Rows:
    """Rows of many mapped files of halves, as float32 where they are asked for."""

    def __init__(self, paths):
        self.parts = [np.memmap(path, np.float16, "r").reshape(-1, WIDTH) for path in paths]
        self.ends = np.cumsum([len(part) for part in self.parts])

    def __len__(self):
        return int(self.ends[-1])

    def __getitem__(self, place):
        first, end, _ = place.indices(len(self))
        pieces = []
        for part, stop in zip(self.parts, self.ends):
            start = stop - len(part)
            pieces.append(part[max(0, first - start) : max(0, end - start)].astype(np.float32))
        return np.concatenate(pieces)


def fits(name):
    """Whether an index that holds all rows in memory has room for them."""
    if not name.startswith(("faiss", "hnswlib")):
        return True
    with open("/proc/meminfo") as facts:
        available = next(int(line.split()[1]) << 10 for line in facts if line.startswith("MemAvailable"))
    needed = 5 * WIDTH * len(data["rows"])
    if needed > available:
        print(f"search.py: {name} is left out: it needs {needed >> 30} GiB of memory", file=sys.stderr)
    return needed <= available


def load(kind):
    built.clear()
    data.clear()
    folder = f"{FOLDER}/{kind}"
    files = glob.glob(f"{folder}/generation-*/*.rows")
    files.sort(key=lambda path: int(os.path.basename(path).split(".")[0]))
    data["rows"] = Rows(files)
    data["queries"] = np.fromfile(f"{folder}/queries", np.float32).reshape(3, -1, WIDTH)
    data["answers"] = np.fromfile(f"{folder}/answers", np.int32).reshape(3, -1, K)
    return [0]


def build(name):
    folder = f"{SCRATCH}/{name}"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    engine = ENGINES[name]()
    if not fits(name):
        return [float("nan"), float("nan")]
    begin = time.perf_counter()
    try:
        engine.build(data["rows"], folder)
    except ImportError as error:
        print(f"search.py: {name} is left out: {error}", file=sys.stderr)
        return [float("nan"), float("nan")]
    rate = len(data["rows"]) / (time.perf_counter() - begin)
    built[name] = engine
    if hasattr(engine, "save"):
        engine.save(f"{folder}/index")
    paths = [os.path.join(top, file) for top, _, files in os.walk(folder) for file in files]
    return [rate, sum(map(os.path.getsize, paths))]


def query(name, threads, mask, number):
    vector = data["queries"][int(mask), int(number)]
    begin = time.perf_counter()
    found = built[name].query(vector, int(threads))
    taken = (time.perf_counter() - begin) * 1000
    answers = data["answers"][int(mask), int(number)]
    return [taken, len(set(map(int, found)) & set(map(int, answers))) / K]


def drop(name):
    built.pop(name, None)
    shutil.rmtree(f"{SCRATCH}/{name}", ignore_errors=True)
    return [0]


def version(name):
    try:
        return f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return f"no {name}"


REQUESTS = {"load": load, "build": build, "query": query, "drop": drop}
print(", ".join(map(version, PACKAGES)), flush=True)
for line in sys.stdin:
    request, *words = line.split()
    print(*REQUESTS[request](*words), flush=True)
