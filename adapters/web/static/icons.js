// Line icons on a 24-unit grid, drawn once and used by reference.
export const Icon = {
  props: { name: String },
  template: `<svg class="i" aria-hidden="true"><use :href="'#i-' + name"/></svg>`,
};

export const Icons = {
  template: `
    <svg class="sr-only" aria-hidden="true" width="0" height="0"><defs>
      <symbol id="i-menu" viewBox="0 0 24 24"><path d="M4 7h16M4 12h16M4 17h16"/></symbol>
      <symbol id="i-close" viewBox="0 0 24 24"><path d="M6 6l12 12M18 6L6 18"/></symbol>
      <symbol id="i-back" viewBox="0 0 24 24"><path d="M15 5l-7 7 7 7"/></symbol>
      <symbol id="i-down" viewBox="0 0 24 24"><path d="M6 9l6 6 6-6"/></symbol>
      <symbol id="i-thread" viewBox="0 0 24 24"><path d="M5 5h14a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-7l-5 4v-4H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1z"/></symbol>
      <symbol id="i-clip" viewBox="0 0 24 24"><path d="M19 11.500l-7.200 7.200a4.500 4.500 0 0 1-6.400-6.400l7.600-7.600a3 3 0 0 1 4.300 4.300l-7.600 7.500a1.500 1.500 0 0 1-2.100-2.100l6.900-6.900"/></symbol>
      <symbol id="i-send" viewBox="0 0 24 24"><path d="M12 19V5M6 11l6-6 6 6"/></symbol>
      <symbol id="i-stop" viewBox="0 0 24 24"><rect x="7" y="7" width="10" height="10" rx="1.500" fill="currentColor"/></symbol>
      <symbol id="i-pencil" viewBox="0 0 24 24"><path d="M5 19l1-4L16 5l3 3L9 18z"/></symbol>
      <symbol id="i-trash" viewBox="0 0 24 24"><path d="M5 7h14M9 7V5h6v2M7 7l1 12h8l1-12"/></symbol>
      <symbol id="i-light" viewBox="0 0 24 24"><circle cx="12" cy="12" r="4"/><path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.600 5.600L7 7M17 17l1.400 1.400M5.600 18.400L7 17M17 7l1.400-1.400"/></symbol>
      <symbol id="i-dark" viewBox="0 0 24 24"><path d="M20 14.500A8 8 0 1 1 9.500 4a6.500 6.500 0 0 0 10.500 10.500z"/></symbol>
      <symbol id="i-system" viewBox="0 0 24 24"><rect x="4" y="5" width="16" height="11" rx="1.500"/><path d="M9 20h6M12 16v4"/></symbol>
      <symbol id="i-info" viewBox="0 0 24 24"><circle cx="12" cy="12" r="9"/><path d="M12 11v5.500M12 7.500v.1"/></symbol>
      <symbol id="i-alert" viewBox="0 0 24 24"><circle cx="12" cy="12" r="9"/><path d="M12 7v6M12 16.500v.1"/></symbol>
      <symbol id="i-retry" viewBox="0 0 24 24"><path d="M19 12a7 7 0 1 1-2.200-5.100M19 4v4h-4"/></symbol>
      <symbol id="i-regenerate" viewBox="0 0 24 24"><path d="M19 12a7 7 0 1 1-2.200-5.100M19 4v4h-4"/></symbol>
      <symbol id="i-continue" viewBox="0 0 24 24"><path d="M6 5v8a3 3 0 0 0 3 3h9M14 12l4 4-4 4"/></symbol>
      <symbol id="i-bars" viewBox="0 0 24 24"><path d="M4 20h16M7 16v-3M12 16V9M17 16V5"/></symbol>
      <symbol id="b-first" viewBox="0 0 8 8"><circle cx="4" cy="4" r="3"/></symbol>
      <symbol id="b-trim" viewBox="0 0 8 8"><path d="M0 1h8L4 7.500z"/></symbol>
      <symbol id="b-cold" viewBox="0 0 8 8"><path d="M4 0v8M.500 2l7 4M.500 6l7-4" stroke-width="1.500"/></symbol>
      <symbol id="b-head-changed" viewBox="0 0 8 8"><path d="M1 1h6v6H1z"/></symbol>
      <symbol id="b-mode-changed" viewBox="0 0 8 8"><path d="M1 3h6M5 1l2 2M7 5H1M3 7L1 5"/></symbol>
      <symbol id="b-dropped" viewBox="0 0 8 8"><path d="M1 4h6" stroke-width="2"/></symbol>
      <symbol id="b-media" viewBox="0 0 8 8"><path d="M1 1h6v6H1zM1 6l3-3 3 3"/></symbol>
      <symbol id="b-deleted" viewBox="0 0 8 8"><path d="M1 1l6 6M7 1L1 7" stroke-width="2"/></symbol>
    </defs></svg>`,
};
