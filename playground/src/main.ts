import './theme.css';
import { mount } from 'svelte';
import Shell from './Shell.svelte';

const theme = localStorage.getItem('theme');
if (theme) document.documentElement.dataset.theme = theme;

export default mount(Shell, { target: document.getElementById('app')! });
