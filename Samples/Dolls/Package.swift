// swift-tools-version: 6.2
import PackageDescription

let houseSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

// The domain of the sample pack. It needs Cairo and nothing of vsdb, so that it also runs where
// packs are trained.
let package = Package(
    name: "dolls",
    targets: [
        // As in the root package: module map and shim header only.
        .systemLibrary(name: "CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),
        .target(name: "Dolls", dependencies: ["CCairo"], swiftSettings: houseSettings),
        .executableTarget(
            name: "draw-dolls",
            dependencies: ["Dolls"],
            swiftSettings: houseSettings
        ),
        .testTarget(name: "DollsTests", dependencies: ["Dolls"], swiftSettings: houseSettings),
    ]
)
