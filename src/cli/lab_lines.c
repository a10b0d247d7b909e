/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lab_lines.h"

#include <fcntl.h>
#include <unistd.h>

#include "os/fail.h"

enum hf_exit hf_lab_lines_open(const struct hf_cli *cli, const char *path,
                               struct hf_lab_lines *lines)
{
    struct hf_why why = {0};

    lines->place.path = path;
    lines->fd = -1;
    if (path == NULL)
        return HF_EXIT_GOOD;
    if (strcmp(path, "-") == 0) {
        lines->fd = STDIN_FILENO;
        return HF_EXIT_GOOD;
    }
    lines->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (lines->fd >= 0)
        return HF_EXIT_GOOD;
    (void)hf_fail_sys(&why, errno, "open");
    hf_cli_fail(cli, hf_span_str(path), &why);
    return HF_EXIT_ERROR;
}

void hf_lab_lines_close(struct hf_lab_lines *lines)
{
    if (lines->fd >= 0)
        (void)close(lines->fd);
    lines->fd = -1;
}

/* Do the whole lines that are there; at the end also one without newline. None
 * behind the one that ends it all. */
static void obey_lines(struct hf_lab *lab, struct hf_lab_lines *lines,
                       bool at_end, hf_lab_line_fn *obey)
{
    struct hf_span rest = {lines->room, lines->len};

    while (rest.len > 0 && !lab->is_over) {
        size_t n = hf_span_find(rest, '\n');

        if (n == rest.len && !at_end && rest.len < sizeof(lines->room))
            break;
        lines->place.line++;
        obey(lab, hf_span_cut(&rest, n), &lines->place);
        (void)hf_span_skip(&rest, '\n');
    }
    memmove(lines->room, lines->room + lines->len - rest.len, rest.len);
    lines->len = rest.len;
}

void hf_lab_lines_read(struct hf_lab *lab, struct hf_lab_lines *lines,
                       hf_lab_line_fn *obey)
{
    ssize_t n = read(lines->fd, lines->room + lines->len,
                     sizeof(lines->room) - lines->len);

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n > 0)
        lines->len += (size_t)n;
    obey_lines(lab, lines, n <= 0, obey);
    if (n <= 0)
        hf_lab_lines_close(lines);
}
