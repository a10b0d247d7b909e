/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_fixture.h -- keys for tests. The RSA key is that of RFC 7515 A.2, the
 * P-256 key that of A.3, the Ed25519 key that of RFC 8037 A.1; openssl(1) made
 * the others, and the forms. The passphrase is "secret".
 */
#pragma once

/* clang-format off */
#define PEM_RSA_PKCS1 \
    "-----BEGIN RSA PRIVATE KEY-----\n" \
    "MIIEowIBAAKCAQEAofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd/wWJcyQoTbji9k0\n" \
    "l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL+yRT+SFd2lZS+pC\n" \
    "gNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb/7OMg0LOL+bSf63kpaSHSX\n" \
    "ndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD\n" \
    "Zlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxXFvUK+DWNmoudF8NAco9/h9iaGNj8\n" \
    "q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQIDAQABAoIBABKucaRpzQorw35S\n" \
    "bEUAVx8dYXUdZOlJcHtiWQ+dC6V8ljxAHj/PLyzTveyI5QO/xkObCyjIL303l2cf\n" \
    "UhPu2MFaJdjVzqACXuOrLot/eSFvxjvqVidTtAZExqFRJ9mylUVAoLvhowVWmC1O\n" \
    "n95fZCXxTUtxNEG1Xcc7m0rtzJKs45J+N/V9DP1edYH6USyPSWGp6wuA+KgHRnKK\n" \
    "Vf9GRx80JQY7nVNkL17eHoTWEwga+lwi0FEoW9Y7lDtWXYmKBWhUE+U8PGxlJf8f\n" \
    "40493HDw1WRQ/aSLoS4QTp3rn7gYgeHEvfJdkkf0UMhlknlo53M09EFPdadQ4TlU\n" \
    "bjqKc50CgYEA4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH/5IB3jw3bcxGn6QLvnE\n" \
    "tfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw/Py5PJdTJNPY8cQn7ouZ2KKDcmnPG\n" \
    "BY5t7yLc1QlQ5xHdwW1VhvKn+nXqhJTBgIPgtldC+KDV5z+y2XDwGUcCgYEAuQPE\n" \
    "fgmVtjL0Uyyx88GZFF1fOunH3+7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYs\n" \
    "p1ZSe7zFYHj7C6ul7TjeLQeZD/YwD66t62wDmpe/HlB+TnBA+njbglfIsRLtXlnD\n" \
    "zQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdcCgYAHAp9XcCSrn8wVkMVkKdb7\n" \
    "DOX4IKjzdahm+ctDAJN4O/y7OW5FKebvUjdAIt2GuoTZ71iTG+7F0F+lP88jtjP4\n" \
    "U4qe7VHoewl4MKOfXZKTe+YCS1XbNvfgwJ3Ltyl1OH9hWvu2yza7q+d5PCsDzqtm\n" \
    "27kxuvULVeya+TEdAB1ijQKBgQCH/3r6YrVH/uCWGy6bzV1nGNOdjKc9tmkfOJmN\n" \
    "54dxdixdpozCQ6U4OxZrsj3FcOhHBsqAHvX2uuYjagqvo3cOj1TRqNocX40omfCC\n" \
    "Mx3bD1yPPf/6TI2XECva/ggqEY2mYzmIiA5LVVmc5nrybr+lssFKneeyxN2Wq93S\n" \
    "0iJMdQKBgCGHewxzoa1r8ZMD0LETNrToK423K377UCYqXfg5XMclbrjPbEC3YI1Z\n" \
    "NqMtuhdBJqUnBi6tjKMF+34Xf0CUN8ncuXGO2CAYvO8PdyCixHX52ybaDjy1FtCE\n" \
    "6yUXjoKNXKvUm7MWGsAYH6f4IegOetN5NvmUMFStCSkh7ixZLkN1\n" \
    "-----END RSA PRIVATE KEY-----\n"

#define PEM_RSA_PKCS8 \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCh+BYK4uPJtGXO\n" \
    "jS1lYmM2K5J9vinh8CR3/BYlzJChNuOL2TSXxbbqY913EeZ8dCn5VrD7io8ImtxL\n" \
    "aYk8wTM/U+3QGbh3hCUv7JFP5IV3aVlL6kKA0ywPVb9ilE8TA5a8bpvfbr3SvaNn\n" \
    "juygxmj3AbONv/s4yDQs4v5tJ/reSlpIdJed1LnPmt7Ex1sFhSwsD174pcF1A5L5\n" \
    "ROjtZMEQxrZHYJqkeDrrnGya11UxMFBji4NmXG9veoKjlnAqH2QbgtPr8jkiGUkf\n" \
    "toaHLFcW9Qr4NY2ai50Xw0Byj3+H2JoY2PyrZ62EWQwuz3WTOTY8BwNNb2BvniHg\n" \
    "VFbK5emhAgMBAAECggEAEq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyW\n" \
    "PEAeP88vLNO97IjlA7/GQ5sLKMgvfTeXZx9SE+7YwVol2NXOoAJe46sui395IW/G\n" \
    "O+pWJ1O0BkTGoVEn2bKVRUCgu+GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzj\n" \
    "kn439X0M/V51gfpRLI9JYanrC4D4qAdGcopV/0ZHHzQlBjudU2QvXt4ehNYTCBr6\n" \
    "XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl/x/jTj3ccPDVZFD9pIuhLhBOneufuBiB\n" \
    "4cS98l2SR/RQyGWSeWjnczT0QU91p1DhOVRuOopznQKBgQDgHMQQ60imZV1URk0K\n" \
    "pLttoLhyt3SmqdEf/kgHePDdtzEafpAu+cS191R2JiuoF2yzWXnwFDcqGigp5BNr\n" \
    "0AHQfD8/Lk8l1Mk09jxxCfui5nYooNyac8YFjm3vItzVCVDnEd3BbVWG8qf6deqE\n" \
    "lMGAg+C2V0L4oNXnP7LZcPAZRwKBgQC5A8R+CZW2MvRTLLHzwZkUXV866cff7tx6\n" \
    "kqa0finGG0KgeqlaZPxgCZnFp7AeAcCMtiynVlJ7vMVgePsLq6XtON4tB5kP9jAP\n" \
    "rq3rbAOal78eUH5OcED6eNuCV8ixEu1eWcPNCS/l1OW1EnXUEoEHKl54Xrrz2uNw\n" \
    "kgMTP1FZ1wKBgAcCn1dwJKufzBWQxWQp1vsM5fggqPN1qGb5y0MAk3g7/Ls5bkUp\n" \
    "5u9SN0Ai3Ya6hNnvWJMb7sXQX6U/zyO2M/hTip7tUeh7CXgwo59dkpN75gJLVds2\n" \
    "9+DAncu3KXU4f2Fa+7bLNrur53k8KwPOq2bbuTG69QtV7Jr5MR0AHWKNAoGBAIf/\n" \
    "evpitUf+4JYbLpvNXWcY052Mpz22aR84mY3nh3F2LF2mjMJDpTg7FmuyPcVw6EcG\n" \
    "yoAe9fa65iNqCq+jdw6PVNGo2hxfjSiZ8IIzHdsPXI89//pMjZcQK9r+CCoRjaZj\n" \
    "OYiIDktVWZzmevJuv6WywUqd57LE3Zar3dLSIkx1AoGAIYd7DHOhrWvxkwPQsRM2\n" \
    "tOgrjbcrfvtQJipd+DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd/QJQ3\n" \
    "ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp/gh6A56\n" \
    "03k2+ZQwVK0JKSHuLFkuQ3U=\n" \
    "-----END PRIVATE KEY-----\n"

#define PEM_RSA_OLD \
    "-----BEGIN RSA PRIVATE KEY-----\n" \
    "Proc-Type: 4,ENCRYPTED\n" \
    "DEK-Info: AES-128-CBC,DBDC9461F01FE75748C2E753D7644563\n" \
    "\n" \
    "/9rYhfoZlpVgEbF2TkqShnrq2y5WYrfdV/t9KgT1anLt0XPeZpP/7lKG5+SGg0iL\n" \
    "53kNrNzMjqyaFmxiAnirX9J0Mg8b2Pyoc/+/irKJNXoQ97QSc9bvq1NK4ZH4JIHe\n" \
    "eDXVzyGjoppW/IsD6++01EGO7k4fBsNBXBS/XzHQlecIs9P4vpRgd5OWBKKHUo/h\n" \
    "04wJ6WuUL8KMrH3+5hzp7BGab7ifafEMIKwxiSM66KY8riU+NlmMJNH1pVd4tCYs\n" \
    "QbaiXGl6H6y8dcdIrV6gQKm7AvAidv1YbwPVLsfp5RoYkBoci83UJ8Qi2LpDdaLc\n" \
    "cw2pJkD9LYVKSGlyuDEE8jGTOzJq21t5a/mQvY5TV8+Q/X03QLLEihVVMa83S7JL\n" \
    "jx+HJiYMJ+ipvskM670mAvZ1leO/wr1TAZ1pi/5RmoSyO0F6ka56ULto5Xgj+QGh\n" \
    "bD6X3v2+O3hxc/uR3WfVFBWCWstAs/Js3EzJEYTth1oW93porv++ngiG7oxdI+tu\n" \
    "x+pa5p651mUa2aTS0evA0NyPXWld8DiiiE4vM8Sko1h80NmF3cxrHTeB4NbC1tsA\n" \
    "XT1etFnNNV0cHdlxkUKiiAoCvAvRPy4N++1AJcyajrFpo2D/5TbzlowEFXFs9ilH\n" \
    "X6b2HXOv/DyfaY7xhjoQ1YvU3fThOOg/Fbc15y1I10vha5PqF+6+sEwvR25ArhQB\n" \
    "0ON5H6lupb7e4Krz31qJMAbSW4pPCRTM7Z0CT9Ers/bNqya4eYDn9lN60IfF5bIm\n" \
    "KUSHv3razDVyxzyIEEe78QPNVSF9zOjRTp1ys4zJRaF1NRLLHEd9dOvK6y+Dn+M/\n" \
    "8YfGFaxfQyiURIMEq7WHDD0FbdIsp+SwjHUuNdKJ24M/ErwsX4V4L4FInGyiMBZ+\n" \
    "cBT13BmRHRkr2vORqCdlgReSODg5ZWLmPgwErnvbFJPGBm09WKlMbHB5gmxDnVYu\n" \
    "Ddx4CQTIAQXhD0KNEGkMVDcS+Q88RjM++pbTCJ1WZXzHifehozvm6d1B6at8zjAI\n" \
    "pwkp9RpnR1WXr8gpIBKVd5Y2CPRbkj+jgH9b2MuSCCUwSjI7WA5SjHOpD0ms9G8u\n" \
    "hKkJ/yIGtvWrGx2Nkr2DzCkWWbgF/tK6VhJzIDrw/cnqhbeQlkwPATUrJJmfYZ4p\n" \
    "D2nBANe0r5JmZw3POFH4pqyhj8Jddb4JMX5YwwErpbSHE63ynoIJGSw3+xZaArcC\n" \
    "+vT4W9v/1U36MunGjOxvYYocT++2mEvYZbc3R2tQfH+nq3kJ1rQVy8KNLT6hP/Wv\n" \
    "dcQz8odTRCcvdVaYrA1IlwTIrJFxsUptBap+/RgH5K3vynWiBIqKSGaQ/9W9rFi2\n" \
    "ei79UbLYOcQuGolg1/sN7mA0eSunH7/7qZFoxfFgqWjwzuFakepN2PSdt+pVZlpm\n" \
    "FNAqFjMTDtDIJKfrOJJXTUZDl0s0eUXgmPwiLPlrOsklY/V2DOxfqgGh8xCY0KSf\n" \
    "1g3W+Ini1t1zB0O4hIRA+I+RRnbY46+iJuLUQEGGtaHA8igJSqFowXvP/Bo5GKOl\n" \
    "JnfWVBslMjB1ndXQL3vJC4tp028DorqM72hJ8AWgAEwsNQ0HWkjf4kCyJoszU85z\n" \
    "-----END RSA PRIVATE KEY-----\n"

#define PEM_P256_SEC1 \
    "-----BEGIN EC PRIVATE KEY-----\n" \
    "MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49\n" \
    "AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72b\n" \
    "focs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n" \
    "-----END EC PRIVATE KEY-----\n"

#define PEM_P256_SEC1_PARAMS \
    "-----BEGIN EC PARAMETERS-----\n" \
    "BggqhkjOPQMBBw==\n" \
    "-----END EC PARAMETERS-----\n" \
    "-----BEGIN EC PRIVATE KEY-----\n" \
    "MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49\n" \
    "AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72b\n" \
    "focs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n" \
    "-----END EC PRIVATE KEY-----\n"

#define PEM_P256_PKCS8 \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff\n" \
    "H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp\n" \
    "7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\n" \
    "-----END PRIVATE KEY-----\n"

#define PEM_P256_PBKDF2 \
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" \
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAglwHoVXN72NQICCAAw\n" \
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEG4zXSzBjLF1Nh2743PGtFUEgZAs\n" \
    "OuPt9uPLDC34FkbCqXEWKOyJGAhgxu3XsAgRrUwJkNclcqcr4aNYjoYOh/jsz3ww\n" \
    "qvs04Phlv/ldzqr3Fb34CdZ8sJQREOzKKo4a9gJfIeXJGVbJ8r2TWDyLd7/NXUTH\n" \
    "xZO+HGHhRlKtWiwEaOpp0qVM6YBfqiiOoMOUh8tDNATgVFU9DZKMBrQ/bY4tJdk=\n" \
    "-----END ENCRYPTED PRIVATE KEY-----\n"

#define PEM_P256_SCRYPT \
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" \
    "MIHkME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAiOJjRVbr+P3wICQAAC\n" \
    "AQgCAQEwHQYJYIZIAWUDBAEqBBCelAOMSuO+pZJXnZrHBRMDBIGQVjSGb8ZiK6Ei\n" \
    "lEqix1IXxWCdoDYrRgUuSUPXwYsUu0OhaHjt3SNW0bG1Dy1x1udL+5II/IA449pW\n" \
    "aUEaYzTwzmqxURr0vl9KE72/sE0IwXDs07wQV2EV4NNFjr9M182SVuJdh8DBj3nz\n" \
    "36kzrvbgx9GmGoTVBrc+eBIimhtQy/lz032Xa/M9FIxPXbUMp2cn\n" \
    "-----END ENCRYPTED PRIVATE KEY-----\n"

#define PEM_P256_SLOW \
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" \
    "MIHtMFgGCSqGSIb3DQEFDTBLMCoGCSqGSIb3DQEFDDAdBAgPgTZYUaq6gAIDHoSB\n" \
    "MAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBCOuJJTKq+RgN+02xE5VWtqBIGQ\n" \
    "QAurbR1mLcdzFHgbtC+/gOaMuc3h8+0kQFdcKC3kvJlwfvjln9Hlj1grcO5TOClD\n" \
    "gt5rWdniQ7K8CfojxspkI/vwUrLqS87nac4MCLTkmr8La0ejh3sdZ2T+BiH0/YbA\n" \
    "XkiZAaVI8j6TYbclsBEdHUB0SkZUkMNPQ5mADGUuhY3kWKJXxdhzO86tF9NWh/Dx\n" \
    "-----END ENCRYPTED PRIVATE KEY-----\n"

#define PEM_P256_SLOW_SCRYPT \
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" \
    "MIHlMFAGCSqGSIb3DQEFDTBDMCIGCSsGAQQB2kcECzAVBAjBULrOi94BvwICBAAC\n" \
    "AQgCAgCBMB0GCWCGSAFlAwQBKgQQ3arzA7KsAJlrlKKOHCxzhQSBkIx+GzroPDiw\n" \
    "bon5+kPtJa9AlvEVr7tKllWu9dlZg+ra9PCt2sXph0mOBaRInzFkwDGRpYJ4EiF8\n" \
    "yzrFYPKsHAIjaS20ipgdxfRMEXOEzdwpd4//wXyCQYnNkGg3rcmCUD5V/M1FZe5u\n" \
    "Y8duI6S/ABRau2MgaC3G4ZgudGabxA3yxmSLJjBhAHfyW7O+liXEog==\n" \
    "-----END ENCRYPTED PRIVATE KEY-----\n"

#define PEM_P256_PBES1 \
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" \
    "MIGxMBwGCiqGSIb3DQEMAQMwDgQIF0kr4c2qYzcCAggABIGQcZt+LMo8bkEVm4rL\n" \
    "CXlmXnLQZOgZIR86zTh/IELFYU/Rbz0pIHp/o1K58u/9RtOz0zGBLfqXJkkQ5x7W\n" \
    "sa6CTWs732qWgwiGBS1vnFdKsfHrXBt3INQckqbDDGWYW23BPYmNooUUCXDS4ocW\n" \
    "oufHmaZmuxo/SugrC8JxONIs2vGS+MpM8J5qy8YPc8Da/80O\n" \
    "-----END ENCRYPTED PRIVATE KEY-----\n"

#define PEM_P256_DES \
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" \
    "MIHgMEsGCSqGSIb3DQEFDTA+MCkGCSqGSIb3DQEFDDAcBAjSYIa5esrCuAICCAAw\n" \
    "DAYIKoZIhvcNAgkFADARBgUrDgMCBwQImlevIh+SyLgEgZBfGDHyWWkCcAGqplir\n" \
    "zDusZQPxjr2M0WwmvnLJBnbjZ3Vm1avSAcb0U2cVnnRn+foRcE0VPUCE7VnBk/TV\n" \
    "ASMx9+ZbeanSh7dWxwlNZo2HOa6hlaFjMNvOl6HHHjd+J93Va8pZUP8DQJ2f3THS\n" \
    "dgvLhp9tBj6FVq1A7g62gD0vxbhrrNPTJWB37wWEyqW8n+s=\n" \
    "-----END ENCRYPTED PRIVATE KEY-----\n"

#define PEM_P256_PUBLIC \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n" \
    "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n" \
    "-----END PUBLIC KEY-----\n"

#define PEM_ED25519 \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" \
    "-----END PRIVATE KEY-----\n"

#define PEM_P256_MISMATCH \
    "-----BEGIN EC PRIVATE KEY-----\n" \
    "MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49\n" \
    "AwEHoUQDQgAEwooOpv0FRc9DMDrENTJVMkXdyTvYezcfMP2i5Dm0zH5GSeRrxidU\n" \
    "WxY7AluJFJgpk02ipP9YXhfQUmXG9y/s4g==\n" \
    "-----END EC PRIVATE KEY-----\n"

#define PEM_P384 \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDDYlE+uDHhNzRkehFVV\n" \
    "gXPF2St4LHHnnCcgjoFpY2UqCqszyhwL13ZDiW+BU0Q/EaShZANiAASTQsoUBwcQ\n" \
    "jQIiM2+flpzxtUOWEGXbmLN/RDSSqrRy5y1mdi3dcsPQ+GhIsXnHXbSu4Kw+UF7n\n" \
    "VHhydvRZ5Aj4sYOblC2VUhjKvhDshQb4oSZSPS7y0i7sg0PsATRZjfk=\n" \
    "-----END PRIVATE KEY-----\n"

#define PEM_P521 \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIAK3QH3XTRCeN1i/fX\n" \
    "LuDNlf32S6H/U1VXSdxV9HEKdDNcyRYsJKVhIXIb2RTavv1Bpe6lvuVyXCT78egb\n" \
    "3/PSLwShgYkDgYYABAGutkg7HArRasSGYtJxeIDSCWVvTyIO8L0YRke+IPcmJYS9\n" \
    "Q4Ist9smyr4VFn/f9IfVlIt3LRJMTEobHcQCyqpLWgC+PizlMGp09HAABz0qmlBp\n" \
    "RcDKTgzUu++7Y9gJUGAWm+xCKtOHWTeiIidkTA/eIwYvnXXotmuV/1lpjYzitKff\n" \
    "ag==\n" \
    "-----END PRIVATE KEY-----\n"

#define PEM_SECP256K1 \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgEFGZ9myVPsthlhRd1qLm\n" \
    "AYEZiaIkO5psVFv+BlQrsXChRANCAARwe0ULhBFHBfNiUfsyWq0W24Nr7T5eo54b\n" \
    "s51H83AO9xtOmOqkrz7KcEu0J56M92S4JvJFhSj0UDbHNDBHDCTx\n" \
    "-----END PRIVATE KEY-----\n"

#define PEM_RSA1024 \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAMQUtkMj2oidM1Ei\n" \
    "9ym0SfFJ08b+Me/8dlMfkdQiIa3BA1E6dWWYFCxp6q51p8IFFdgm8lnDXi0bLRJv\n" \
    "HmI3jFDEqe4L8sU2i5NRSjC9J2Hi1OxW3//KyB3oDzjowMQWTxSPCP8vOMczpmkD\n" \
    "CKxDPOlDjfIE8qs6gkECqLjpvidhAgMBAAECgYAA+O1SdeoOhWEMxPSe01MOjEQt\n" \
    "l3Md8o2PqfdqKuUp3GwsyfJtF4z6D2hnhxPW5XmPQdov0cU0yg62KbDn4cijV6z/\n" \
    "/7gjPOSE0ivbrmBYTfrNO37z7i3wEvSeIuMyYn5uRctoO9kq/58/27ZhB+xkTpMW\n" \
    "e6HDRX5jwxQGAMKO1QJBAOk/yCEzyt5Ns6ERz1rZ7P4nV8GUI8nZxDYW5T7a4KFd\n" \
    "uOJ8Bd+jaeeElqIDia/Flu1YmETQ5QhB+UYuE1YBTx8CQQDXNNdebeEdWz50m77v\n" \
    "R2gI1AKgLZdexTDRuHOPpEutA6iwvcnZHPfZuK4s2HBRwS7qxXP3E6wAGw6nYWBu\n" \
    "Rjl/AkEA0uJU2hgOokEUWFtW42hHCl6dzCpY1SXrbY/zwol4MM0g3LyPPuxrUuQg\n" \
    "oOib8uytkXfZa9aGTJoBez8rQkY6twJBAMxZsdRJ9EQi+1hQ9+pQXNpdLy0Yfa8R\n" \
    "Af1y79DLCsz8N3e0j/GpDzTfqAyPbYBEN5/Y5PgN5vqmtrB7x8yOxFMCQCGMTFC6\n" \
    "CmAcWkQ2ghTBfAHoNGgDzbpNGZsC/xkVeyXYllLkjkRZsTfvn73+6y1U9v0mXdXd\n" \
    "2OT8d6LgRXWOG2k=\n" \
    "-----END PRIVATE KEY-----\n"

#define PEM_RSA2304 \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIIFTwIBADANBgkqhkiG9w0BAQEFAASCBTkwggU1AgEAAoIBIQDPujyC+Xk7T+HR\n" \
    "P5vP7jL99QrG3jY8ITo/fbxA0MSWnF53ES7yE9ejzcrQAjCj6oWwDcGwVwyJ9Yuo\n" \
    "kMVAdOHX6p+KUrBBq2d5iS05D77SwjdW1PHW4An4DbIkqfB2YEjWS+ZxlkuB7BVg\n" \
    "C2wvIt2O69Y2ugSggDEajV1YNWe/IOAV3fTGYO0z5M6ObdjOGFFJas9ejUVmxlaT\n" \
    "Py4khHCKJU0DOy9GXuWxNic6P7336ov8jLq6GuzPZ3K3cMtqgcJGMRN+1niV4Gwr\n" \
    "qjYcyzMl9ixF0P5lc4NLTrTaabDd3mwVPk/+yRtjYGjPQSK6zaUWHw3kAoatNm7x\n" \
    "WmLI/Ek72g6tuI6jcK5mxDApHYYPrkeVXSwSC2BuLNHLRqahQR0CAwEAAQKCASAJ\n" \
    "Zd6Y+lpuwYVw5xTQinFKJgzvxFvlyocNGk4rDIboXXi0oFVkZFtsMMJNONwkflbA\n" \
    "CU9LABU0JKTF4o7aBK+3Cglfw6/vuKZ8zCT8oOa8OEcyqX2rgAVTcKMvn3SelmqV\n" \
    "L2fkma0e2qR47OtfEo+9iJPvc+kDrekKz3x6oifocL9SnfEWDIqOv3pM3VFiuZzW\n" \
    "/LBDx5v1jkfAGPEq5/qQd30SuSAtDAk2y53Ki2jkIfgwHm2/ZplloERolvI32YE1\n" \
    "dMPZwo1hN3b3KJCXg2fidN05Z4egdQ6kUub5RKYSL36kAXDimGaXjFNe/LSXAhsZ\n" \
    "QDhJcp5kjbidUUg7SOpSjO9vJNVsFOn10RSPfezV2WM4rejEygZRxwlewBpyT+0C\n" \
    "gZEA578dkxVujkLFzu8X5OV//T3FsP7LhezmqWqIIXnWk1BXwIvwqTJKp21VBEfP\n" \
    "jb7PA0HJ0243f8DeExrvoCiUvVxNof1fmOU9p/R0cit9Faq/KVIGR+sHJKH2B8WU\n" \
    "Ti9v8+7Aj50EP80F0G2/aC+Zyicg0VqMt8kg+bN0HAh87ds2OmFR38RNMDgn8Ean\n" \
    "3nqjAoGRAOV3m/8cVzhU1CqRFBplOTX0bt5ZfsLuTd+/e67m70obmdmFgaQW7fGc\n" \
    "hQ/b/A17SE901Ivbrfte/+zpb8A9esMFekn3nyVBP2N/9O5GuIB9gwDPdaiYuzt4\n" \
    "WMOBHmD9ABbv2HQBXjxcRbnBl9iKlRHsx1iWmRw8OjeH2iJz5VH7umeUCD3zkwsS\n" \
    "Aa6qllbRPwKBkQDG4NpOiUvxRhhfeAw3YUSvXT20oVSjwCRLK6NbpyWgEojcMrv7\n" \
    "V699c3RMUhwqdp9NGj5L9gAm4Ks0Fh+igHD0+Kue4sQRgFmjM0RjXjLgT0HyAfRl\n" \
    "76qXo25ySPr3Bfq7ih8yn/svjZD5x9VFYeRG+cFOKLkuV6q232w7SoV70m39N9t9\n" \
    "fwcG5IpRxzD02qUCgZEAy4v8DqH/JHLq+Q9UO83Kn/fBWO8eKJ/m6DEc75rebGhr\n" \
    "Yq6wvvOwAgCLb/P9c6AGFqVV3PHzNOWiM28mt+pROSlkvrQusYddSU+53ptREnlD\n" \
    "ebaNcg55F1m7s0CXyATkzXPYF58XDofzOcFmhqj3br0QX57HFmq+YX/amXEg3EZl\n" \
    "pXeEkB++MbW5VEzxqvVVAoGRAKX2GnjZCklTrbCrpA2ln1jppm3DP6SpMJiDCES4\n" \
    "fo4jj48ncSzuHDwPiC7r9R8OFaAn2dB4qNUfffu/rhdTQezky2BYYj7qfhWkVykV\n" \
    "C7xETA91zSB2bK982i1+c77+ob0vg2Vz6HhN9HYLS1Me8GGQqqBHiZ075ttM/9A1\n" \
    "wv457nxlcYgUpjsu/7C5Ip9AZg==\n" \
    "-----END PRIVATE KEY-----\n"

#define PEM_X25519 \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MC4CAQAwBQYDK2VuBCIEIKhjvaYKvPf8Iu91dp0SbKgPjlH39gBxNt1j0QXWxYZd\n" \
    "-----END PRIVATE KEY-----\n"

#define PEM_ED448 \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MEcCAQAwBQYDK2VxBDsEOSeJWnk0EZfxAmKs1hM5GksVEYkr5b+H0g/CVfhfp58z\n" \
    "fuez5uIXKeNu+Jc8FSi9NKrnQIVBoVJVIw==\n" \
    "-----END PRIVATE KEY-----\n"

#define PEM_DSA \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIIBWgIBADCCATMGByqGSM44BAEwggEmAoGBAPQVsc/k/94bfga6mNYKef/5Cqzs\n" \
    "KamuiL37a/BTKtQwXEvYStcEu1HQo+7yiYh96NxToJyPJw4zqZkS6Zknomy2ETWB\n" \
    "wNnyQ5Z+i/XTQcoYhSs/itIoEt8WV3eZi8cPPG72J12VHRycrXW5V4SwnCJSDsPO\n" \
    "OUMGkB7Xaozvotn3Ah0A+wc9TZqbEZzfed1yUMeRmnqfxLcbeAYk63r4nwKBgGUR\n" \
    "HKT3LUaYhiUOK2rlhRR+7X4ZE2i2icCba9dJw004id3aAVOaP94bCmzxIs5huSM4\n" \
    "2WVEcrqB56P065Oj5dqB4jJTTe3tq9tbGodcO8afPTLYTLCePiLHGLUxVMQSuQ2l\n" \
    "RMiAW+Zq7GGKJadaV+qPgChIjtwC9umkS9wmpSwbBB4CHEbmixpwSBqIn0oSa2SX\n" \
    "a3I3MGeRWFGiWzyOQYc=\n" \
    "-----END PRIVATE KEY-----\n"

#define PEM_OPENSSH \
    "-----BEGIN OPENSSH PRIVATE KEY-----\n" \
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n" \
    "QyNTUxOQAAACDrSh7pXJNxrN305P7YgpW8t1xpofRbfXB0QUdhw+4WfgAAAIhkLXKDZC1y\n" \
    "gwAAAAtzc2gtZWQyNTUxOQAAACDrSh7pXJNxrN305P7YgpW8t1xpofRbfXB0QUdhw+4Wfg\n" \
    "AAAEAivEr0h2ygsT01m3XVU5x1xJD1mrq8D5KtLHjiuHSNqetKHulck3Gs3fTk/tiClby3\n" \
    "XGmh9Ft9cHRBR2HD7hZ+AAAAAAECAwQF\n" \
    "-----END OPENSSH PRIVATE KEY-----\n"

#define A2_N \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp" \
    "-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOW" \
    "vG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs" \
    "LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9k" \
    "G4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2" \
    "PAcDTW9gb54h4FRWyuXpoQ"

#define A2_E \
    "AQAB"

#define A2_D \
    "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_G" \
    "Q5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKV" \
    "RUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9J" \
    "YanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoF" \
    "aFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjn" \
    "czT0QU91p1DhOVRuOopznQ"

#define A2_P \
    "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBds" \
    "s1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ" \
    "5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc"

#define A2_Q \
    "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHA" \
    "jLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLt" \
    "XlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc"

#define A2_DP \
    "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE" \
    "2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_" \
    "YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0"

#define A2_DQ \
    "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDo" \
    "RwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGN" \
    "pmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU"

#define A2_QI \
    "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0Em" \
    "pScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1c" \
    "q9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U"

/* An RSA key whose primes show with neither of the bases 2 and 3. */
#define STUBBORN_N \
    "v1jUVX-36Z6gF-vJkR76aX2QMRO93NmhnwRKy5d4oOJDl77p-i40KBVd8taCn1-1" \
    "ZJuL2f9hNTG4pYdhl6sNDxkQiWC4O2mZyE02aKB0FIWPU0Qwbz6hXV5UTFVO1WU2" \
    "xbnToZb2XLW-vbJt2Uoby_pw5TnOkHdVtrc8hm7NjLxDGEE-h9NjuqkZwTFUHaH3" \
    "Kocyd7PwOgx1NPuCyK1N2Y2K3JKD2SaodPu786Y4WP3dH4VXdB25IOHDL1ccjO0w" \
    "GRz1NZFw-JU_iA4I8HYD-i5SeJ6ZpPPahuBGQbgeGONsU0EhjuJPm2YwKmoA3TPA" \
    "Xl8_mkzNPcVC7wn4k1dGAQ"

#define STUBBORN_D \
    "AzQQVfVt6vN_YvciaD4NsNTBJGPcDVr4CYqlBT8zbfTBGe9rHlzwqEJ3UK3xAOG1" \
    "eTTgxKpcV8DN17jqVC4xE_F2T-khHHQvoWVS2wc4pPFOzXTk9K_RPBgXWYciFeYn" \
    "DRddKNA3WU-nnP25jhDfYez-6oTVuvXB0cMZOHeZaa45GGm1hff8CA27fcrSZOtZ" \
    "ccSafnyBwDQuvyVCPV-OtqwqE6l-0LKKQdV3y45Y24hVswzjVZJCsiwocRma790_" \
    "mgCIR2vhTrvKXzkD9AUxAPowKh2j9PixuWlC2CWMflTVOlOrslLpIzLkluVJkpsh" \
    "9-22BDR7Wn9Kac6OYVn1Gw"

#define STUBBORN_P \
    "4lEVf5ZO7FhfrtwSTH1fSMTeyehLFkZgZyvRpYWzi6QdcJ6nRrWuNPyGpOwUW4P6" \
    "Ya8f_TVDg5LTXmVeJ4kvI1U626W_EybFpO262Ls9USXTwavCNtoNF6RYx7_39mpa" \
    "_Ta6xZX0Hq9pzBUjdSPCTdfyBw81-G55VJdjHEMhW4c"

#define STUBBORN_Q \
    "2HGVxQHjMpUDVK8mOC4HQNJ0llluyOiawt3NVmftfRcEXQOl1DZnY8oH5q-mTIvv" \
    "3gwLWob3s6VEf8t6aCFe5hdETep4twqGliCrqA1xs-r7D_iT4bJxx3zrENM--aCc" \
    "1iChuyH4n0Ky-xiIMjqexgDh0e_3FcH2l7dI3QjthDc"
/* clang-format on */
