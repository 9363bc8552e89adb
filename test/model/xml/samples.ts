/**
Documents in the shape in which libvirt writes them, cut down to what the tests need.
*/

export const domainXml = `<domain type='qemu' id='3'>
  <name>web</name>
  <uuid>2f2d2ab8-6a3c-4a7a-9a35-0c2a62a0b001</uuid>
  <metadata>
    <app:note xmlns:app="http://example.org/app" by='me'>keep &lt;this&gt; &amp; that</app:note>
  </metadata>
  <memory unit='KiB'>65536</memory>
  <os>
    <type arch='x86_64' machine='pc-i440fx-7.2'>hvm</type>
    <nvram template='/usr/share/OVMF/OVMF_VARS.fd'>/var/lib/libvirt/qemu/nvram/web_VARS.fd</nvram>
  </os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' discard='unmap'/>
      <source file='/images/web.s1' index='4'>
        <seclabel model='dac' relabel='no'/>
      </source>
      <backingStore type='file' index='1'>
        <format type='qcow2'/>
        <source file='/images/web.qcow2'/>
        <backingStore/>
      </backingStore>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='block' device='disk'>
      <source dev='/dev/vg/web' startupPolicy='optional'>
        <slices><slice type='storage' offset='0' size='512'/></slices>
      </source>
      <target dev='vdb' bus='virtio'/>
    </disk>
    <disk type='file' device='cdrom'>
      <driver name='qemu' type='raw'/>
      <source file='/iso/install.iso'/>
      <backingStore/>
      <target dev='sda' bus='sata'/>
      <readonly/>
    </disk>
    <graphics type='vnc' port='-1' passwd='s3cret&amp;'/>
  </devices>
</domain>
`;

const inside = (xml: string) => xml.trimEnd();

export const snapshotXml = `<domainsnapshot>
  <name>s2</name>
  <description>before the upgrade &amp; after lunch</description>
  <state>disk-snapshot</state>
  <parent>
    <name>s1</name>
  </parent>
  <creationTime>1795222800</creationTime>
  <memory snapshot='no'/>
  <disks>
    <disk name='vda' snapshot='external' type='file'>
      <driver type='qcow2'/>
      <source file='/images/web.s2'/>
    </disk>
    <disk name='vdb' snapshot='no'/>
  </disks>
  <revertDisks>
    <disk name='vda' snapshot='external' type='file'>
      <driver type='qcow2'/>
      <source file='/images/web.1795222900'/>
    </disk>
  </revertDisks>
  ${inside(domainXml)}
  ${inside(domainXml).replace('<domain ', '<inactiveDomain ').replace('</domain>', '</inactiveDomain>')}
  <cookie>
    <cpu mode='custom'/>
  </cookie>
</domainsnapshot>
`;

export const checkpointXml = `<domaincheckpoint>
  <name>c2</name>
  <parent>
    <name>c1</name>
  </parent>
  <creationTime>1795222801</creationTime>
  <disks>
    <disk name='vda' checkpoint='bitmap' bitmap='c2'/>
    <disk name='sda' checkpoint='no'/>
  </disks>
  ${inside(domainXml)}
</domaincheckpoint>
`;
