// cspell:ignore relatime
import { describe, expect, it } from 'vitest'
import { containerIdIn, mountedFrom } from '../../src/edge/own-container.ts'

const ID = 'a'.repeat(32) + '0123456789abcdef'.repeat(2)

describe('the container that cc-ci runs in', () => {
  it.each([
    [
      'Docker',
      `154 137 254:0 /var/lib/docker/containers/${ID}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/vda rw`,
      ID,
    ],
    ['another folder of Docker', `1 2 8:1 /data/containers/${ID}/hostname /etc/hostname rw - ext4 /dev/sda1 rw`, ID],
    ['a machine', '22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw', null],
    ['a machine of containers', `9 1 0:5 / /var/lib/docker/containers/${ID}/mounts/shm rw - tmpfs shm rw`, null],
  ])('%s: %#', (_, mountInfo, id) => {
    expect(containerIdIn(`22 1 8:1 / /proc rw - proc proc rw\n${mountInfo}\n`)).toBe(id)
  })

  it('has the socket at the same path, or somewhere else', () => {
    const at = (Source: string, Destination: string) => [
      { Source: '/x', Destination: '/y' },
      { Source, Destination },
    ]
    expect(mountedFrom(at('/run/docker.sock', '/var/run/docker.sock'), '/var/run/docker.sock')).toBe(null)
    expect(mountedFrom(at('/run/user/1000/docker.sock', '/var/run/docker.sock'), '/run/docker.sock')).toBe(
      '/run/user/1000/docker.sock',
    )
    expect(mountedFrom(at('/a', '/b'), '/var/run/docker.sock')).toBe(null)
  })
})
