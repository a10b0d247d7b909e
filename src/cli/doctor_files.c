/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_files.c -- who may read and change the files of a CA, and whether
 * there is room for more. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "os/fail.h"

#define FILES      "files"
#define DISK       "disk"
#define PRIVATE    077U /* bits of a mode that nobody but the owner has */
#define GUARDED    022U
#define ROOM_MIN   ((uint64_t)64 << 20) /* octets */
#define SHARE_MIN  20                   /* one part in so many */
#define NAME_OF_CA "ca"

struct files {
    struct hf_doctor *doctor;
    int dir;       /* of the CA */
    uid_t owner;   /* of it, and so of all that is in it */
    size_t looked; /* at so many */
};

static void say(const struct files *files, enum hf_health health,
                const char *name, const char *what, const char *advice)
{
    char room[PATH_MAX + 64];

    (void)snprintf(room, sizeof(room), NAME_OF_CA "%s%s",
                   name[0] == '.' ? "" : "/", name[0] == '.' ? "" : name);
    hf_doctor_say(files->doctor, health, FILES, hf_span_str(room),
                  hf_span_str(what), advice);
}

/* Take away what others must not have. Whoever may change the folder may
 * exchange the file meanwhile: no link is followed, and no mode given that lets
 * a program be somebody else. */
static void mend(const struct files *files, const char *name, mode_t mode,
                 mode_t forbidden)
{
    const mode_t mended = mode & ~forbidden & 0777;
    char room[64];

    if (files->doctor->repairs &&
        fchmodat(files->dir, name, mended, AT_SYMLINK_NOFOLLOW) == 0) {
        (void)snprintf(room, sizeof(room), "its mode was %04o, and is %04o now",
                       (unsigned)mode & 07777, (unsigned)mended);
        say(files, HF_HEALTH_MENDED, name, room, NULL);
        return;
    }
    (void)snprintf(room, sizeof(room), "others may %s it (mode %04o)",
                   (mode & forbidden & 044) != 0 ? "read" : "change",
                   (unsigned)mode & 07777);
    say(files, HF_HEALTH_WRONG, name, room,
        forbidden == PRIVATE ? "give it to its owner alone: chmod go-rwx; "
                               "--repair does"
                             : "chmod go-w; --repair does");
}

/* `kind` as in st_mode. */
static void look_at(struct files *files, const char *name, mode_t kind,
                    mode_t forbidden, bool must_exist)
{
    struct stat about;

    files->looked++;
    if (fstatat(files->dir, name, &about, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT || must_exist)
            say(files, HF_HEALTH_WRONG, name, strerror(errno),
                "put it back from your copy of the folder");
        return;
    }
    if ((about.st_mode & S_IFMT) != kind) {
        say(files, HF_HEALTH_WRONG, name,
            "it is another kind of file than it should be",
            "find out who put it there");
        return;
    }
    if (about.st_uid != files->owner)
        say(files, HF_HEALTH_WRONG, name,
            "it belongs to another user than the folder", "chown it");
    if ((about.st_mode & forbidden) != 0)
        mend(files, name, about.st_mode, forbidden);
}

/* All that is in one of the folders below. */
static void look_in(struct files *files, const char *folder)
{
    char name[NAME_MAX + 32];
    struct dirent *item;
    DIR *dir;
    int fd = openat(files->dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return; /* it was said */
    dir = fdopendir(fd);
    if (dir == NULL) {
        (void)close(fd);
        return;
    }
    while ((item = readdir(dir)) != NULL) {
        if (item->d_name[0] == '.')
            continue;
        (void)snprintf(name, sizeof(name), "%s/%s", folder, item->d_name);
        look_at(files, name,
                strcmp(name, HF_CA_CONTROL) == 0 ? S_IFSOCK : S_IFREG, PRIVATE,
                false);
    }
    (void)closedir(dir);
}

static void look_at_all(struct files *files)
{
    look_at(files, ".", S_IFDIR, PRIVATE, true);
    look_at(files, "root.pem", S_IFREG, GUARDED, true);
    look_at(files, "issuer.pem", S_IFREG, GUARDED, true);
    look_at(files, "issuer.key", S_IFREG, PRIVATE, true);
    look_at(files, "root.key", S_IFREG, PRIVATE, false);
    look_at(files, HF_CA_LOG, S_IFDIR, PRIVATE, true);
    look_at(files, HF_CA_LEDGER_FOLDER, S_IFDIR, PRIVATE, false);
    look_in(files, HF_CA_LOG);
    look_in(files, HF_CA_LEDGER_FOLDER);
}

void hf_doctor_files(struct hf_doctor *doctor)
{
    size_t wrong = doctor->counts[HF_HEALTH_WRONG];
    struct files files = {
        .doctor = doctor,
        .dir = open(doctor->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    struct stat about;
    char room[80];

    if (files.dir < 0 || fstat(files.dir, &about) != 0) {
        say(&files, HF_HEALTH_WRONG, ".", strerror(errno), NULL);
    } else {
        files.owner = about.st_uid;
        look_at_all(&files);
    }
    if (files.dir >= 0)
        (void)close(files.dir);
    if (doctor->counts[HF_HEALTH_WRONG] > wrong)
        return;
    (void)snprintf(room, sizeof(room), "%zu files and folders, nobody else's",
                   files.looked);
    hf_doctor_say(doctor, HF_HEALTH_GOOD, FILES, HF_SPAN(""), hf_span_str(room),
                  NULL);
}

void hf_doctor_disk(struct hf_doctor *doctor)
{
    struct statvfs about;
    struct hf_why why = {0};
    uint64_t room_left;
    char room[96];
    bool is_short;

    if (statvfs(doctor->folder, &about) != 0) {
        (void)hf_fail_sys(&why, errno, "how full its disk is cannot be seen");
        hf_doctor_fail(doctor, DISK, hf_span_str(doctor->folder), &why, NULL);
        return;
    }
    room_left = (uint64_t)about.f_bavail * about.f_frsize;
    is_short =
        room_left < ROOM_MIN || about.f_bavail < about.f_blocks / SHARE_MIN;
    (void)snprintf(
        room, sizeof(room), "%llu MB are free, of %llu",
        (unsigned long long)(room_left >> 20),
        (unsigned long long)(((uint64_t)about.f_blocks * about.f_frsize) >>
                             20));
    hf_doctor_say(
        doctor, is_short ? HF_HEALTH_WRONG : HF_HEALTH_GOOD, DISK, HF_SPAN(""),
        hf_span_str(room),
        is_short ? "make room: without it nothing is issued or revoked" : NULL);
}
