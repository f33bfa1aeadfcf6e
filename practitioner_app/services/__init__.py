"""Use cases of the desktop, one module per concept; each method is a verb a doctor would say. No Qt.

    record.RecordService          open(owner) -> rows.Record · leave(owner)                     read · write lane
    allergies.AllergyService      record · assert_none · revise · mark_erroneous · undo         write lane
    problems.ProblemService       record · revise · close · mark_erroneous · undo               write lane
    medications.TreatmentService  record · revise · stop · mark_erroneous · undo                write lane
    result_grid.ResultService     grid(owner, language) -> rows by days                         read lane
    reviews.ReviewService         waiting() · sign · sign_together · acknowledge · hand_over     read · write lane
    work_lists.WorkListService    lists() · summaries() · opened(owner)                         read · write lane
    search.SearchService          patients(words) · find(words, open_owner=) · line(owner)      read lane
    conflicts.ConflictService     waiting() · open(op_id) -> Comparison · settle(command)       read · write lane
    sync_centre.SyncCentre        view() -> Centre · status() -> Status · undo · withdraw_refused
    journal.JournalService        opened(owner): once in ten minutes                            write lane
    last_look.LastLook            what this person saw of a patient the last time
    first_start, session          pure rules: enrolment steps, lock, lease, attempts

Services take ports by constructor and raise only dossier.errors. Rows are described in `rows`.
"""
