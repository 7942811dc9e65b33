import Cluster
import Testing

/// What a job asks of Slurm.
struct SlurmOptionsTests {
    /// A minute before the limit, but of a short one most is left for work; Slurm rounds up to minutes.
    @Test(arguments: [
        (nil, 60), ("1", 15), ("0:30", 15), ("1:01", 30), ("2", 30), ("0:02:00", 30), ("3", 45),
        ("4", 60), ("60", 60), ("2:00:00", 60), ("0-0:1", 15), ("0-0:0:61", 30), ("1-0", 60),
        ("1-12:30:00", 60), ("4294967295-4294967295", 60), ("0", 60), ("UNLIMITED", 60),
        ("99999999999999999999", 60), ("1-", 60), ("1:2:3:4", 60), ("-5", 60),
    ])
    func aTaskIsAskedInTimeAndNotAtOnce(time: String?, notice: Int) {
        var options = SlurmOptions()
        options.time = time
        #expect(options.noticeSeconds == notice)
        options.time = "30"
        options.arguments = ["--account=film"] + (time.map { ["--time=\($0)"] } ?? [])
        #expect(options.noticeSeconds == notice, "what is said later holds")
    }
}
