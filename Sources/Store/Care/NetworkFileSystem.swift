import CStore

/// Whether a path lies on a file system of another machine.
///
/// LMDB shares memory between processes through its files, which only one kernel can do; SQLite's
/// log in WAL mode likewise (sqlite.org/wal.html: "does not work over a network filesystem").
enum NetworkFileSystem {
    /// The numbers of linux/magic.h, and of the file systems that keep theirs elsewhere.
    private static let names: [UInt32: String] = [
        0x6969: "NFS", 0x517B: "SMB", 0xFF53_4D42: "CIFS", 0xFE53_4D42: "SMB2",
        0x5346_414F: "AFS", 0x00C3_6400: "Ceph", 0x0BD0_0BD0: "Lustre", 0x0102_1997: "9P",
        0x4750_4653: "GPFS", 0x1983_0326: "BeeGFS", 0x7461_636F: "OCFS2", 0x0116_1970: "GFS2",
        0x6A65_6A62: "GlusterFS",
    ]

    /// The name of the network file system with a number of `statfs`, or nil for a local one.
    static func name(ofType type: Int64) -> String? {
        names[UInt32(truncatingIfNeeded: type)]
    }

    /// The name of the network file system that a path lies on, or nil.
    static func name(at path: String) -> String? {
        name(ofType: vsdb_file_system_type(path))
    }
}

extension Library {
    /// The name of the network file system with a number of `statfs`, or nil; for tests.
    package static func networkFileSystem(ofType type: Int64) -> String? {
        NetworkFileSystem.name(ofType: type)
    }
}
