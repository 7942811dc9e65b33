import ArgumentParser
import Packs
import Pipelines

/// `vsdb pack calibrate`.
struct PackCalibrateCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Measure how near a pack's generator comes to clips that are aligned for it.",
        usage: """
            vsdb pack calibrate [<name>] [--tag <word>] [<options>]
            """,
        discussion: """
            Every ingest measures how far the generator's pictures of a clip's frames are from \
            them. This takes the median over the clips of the library, which should be framed as \
            the pack was trained, and writes it into the pack's pack.json with a limit. From then \
            on ingest warns of clips beyond the limit. It also measures how near pictures \
            multiplied in bf16 come to those in f32, on a processor that has bf16; from 45 dB PSNR \
            on renders use it there. Fingerprint and assets stay as they are.

              vsdb pack calibrate faces
              vsdb pack calibrate faces --tag aligned
            """
    )

    @Argument(help: "The name or the beginning of the fingerprint; the default pack if not given.")
    var name: String?

    @OptionGroup var tags: TagsOption

    @OptionGroup var shared: SharedOptions

    func run() throws {
        let session = try shared.openSession()
        let found = try session.calibrate(name, tags: tags.words)
        let console = shared.console
        if shared.json {
            try console.print(JSONOutput.document(found))
        } else {
            try console.printFacts([
                ("pack", found.pack),
                ("clips", String(found.clips)),
                ("median distance", Wording.trimmed(found.reconstruction.median)),
                ("nine of ten below", Wording.trimmed(found.ninetieth)),
                ("limit", Wording.trimmed(found.reconstruction.limit)),
                (
                    "bf16 pictures",
                    found.bfloat16PSNR.map { "PSNR \(Wording.trimmed($0)) dB against f32" }
                        ?? "not measured: this processor has no AVX512-BF16"
                ),
            ])
        }
        for clip in found.doubtful {
            console.warning(
                "clip \(clip.name) is beyond the limit: distance \(Wording.trimmed(clip.distance)); if it "
                    + "is not framed as the pack was trained, calibrate without it (--tag)"
            )
        }
        if found.unmeasured > 0 {
            console.note(
                "\(Wording.count(found.unmeasured, "clip")) of an older vsdb have no distance; remove "
                    + "and ingest them again to count them"
            )
        }
    }
}
